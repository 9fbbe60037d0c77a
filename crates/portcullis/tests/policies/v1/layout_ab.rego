package layout["a-b"]
v := 1
