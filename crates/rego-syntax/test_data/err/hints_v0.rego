package hints

p { every x in [1] { x } }
q { some x in [1] }
