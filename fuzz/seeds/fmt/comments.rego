# above

package   p # beside
import data.b
import data.a # sorted

# of q
q := {"a":1, # one
  "b":[ 2,3 # three
  ], } # end
r if{ input.x # x
  # between
  ;input.y with input.y as 1
    with data.z as {x|x=1}
}else:=2 if{ {1,2}==input.s } # last
#
f( x,
 # of y
 y):=x if every e in y{ e>x }
