# A package of its own, to be replaced whole.
package mocks.sub
v := 1
