package bodies

p if {
	some x, y
	some z in input.zs
	some i, z in input.zs with input as {}
	x := input.a; y = 2
	not f(x) with input.a as 1 with data.b as [2]
	every v in [1, 2] { v > 0 }
	every k, v in {"a": 1} {
		k == "a"
		not v
	}
	input.some.not.every
	x == 1
	[1, 2][_] == x
	1, x in y
	a[b, c in d]
}

q if x == 1 # trailing

# METADATA
# title: r
#   indented
r if {
	# inside
	true
}

# METADATA
# scope: document
# METADATA
# title: second

s := 1
# METADATA
# title: nothing
