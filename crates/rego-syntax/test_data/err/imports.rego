package imports

import foo.bar
import data.a[1]
import data.if
import future.x
import future.keywords.nope
import rego.v2
import future.keywords.in as x
import data.x as 1
