package terms

numbers := [0, -1, - 2, .5, -.5, 1.50, 1e3, 2E-3, 12345678901234567890, 0e1]
strings := ["", "a\n\t\"\\\/\u00e9\ud83d\ude00\ud800", `raw \n "x"`, `
two lines`]
empties := [[], {}, set(), [1,], {1,}, {"a": 1,}, [,1]]
precedence if 1 + 2 * 3 - 4 / 5 % 6 == 7 | 8 & 9 in [true]
left := 1 - 2 - 3
parens := (1 - (2 - 3)) * 4
chain if 1 < 2 == true
refs := [input, input.a.b["c d"][0][x], data.a[_].b, input.package.if.x, f(1).a[0], "a" in {"b"}, [1, 2][0], {"a": 1}.a]
calls := [f(), a.b.c(1, 2,), g(x in y, (1, x in y))]
compr := [[x | x := 1], {x | some x in [1]; x > 0}, {k: v | some k, v in y}, [a | b], [1 | 2, 3], {a.b: c | d}]
unions := {1} | {2} & {3}
templates := [$"a{1 + 2}b\{c}{x.y["q"]}", $`raw {input.x}
 \{ line`, $"", $"{$"{1}"}"]
spread := f(
	1,
	# inside
	2 +
		3,
)
