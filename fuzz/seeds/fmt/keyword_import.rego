package a

import input.keywords.in
import data.every as all

p { all.x }
