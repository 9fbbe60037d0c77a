package layout.lib
v := 2
