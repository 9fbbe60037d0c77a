package many

a := [1, 2

b if {
	x == 
}

c := "open

d if { true

e contains 1 2
f(1 := 2
g := 1
h := )
