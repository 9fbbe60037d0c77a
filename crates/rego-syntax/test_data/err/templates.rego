package templates

a := $"{x"
b := $"{not x}"
c := $"{x := 1}"
d := $"{}"
e := $"\q"
f := $"open
