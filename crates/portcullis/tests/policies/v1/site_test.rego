# Documents of files and rules are one tree; `with` replaces parts of it.
package site_test

import data.site

test_document if site.name == "north"
test_rule if site.size == 3
test_nested if site.rack.kind == "shelf"
test_keys if object.keys(site) == {"name", "list", "rack", "size"}
test_numbers if { site.rack.h == 31; site.rack["true"] == false }
test_merged if site.rack.merged == {"x": 1, "y2": 2}
test_multi if { site.rack.multi == "one\ntwo\n"; site.rack.nothing == null }
test_rule_replaced if { site.size == 9 with data.site.size as 9; site.name == "north" with data.site.size as 9 }
test_all_replaced if { object.keys(site) == {"name"} with data.site as {"name": "x"}; not site.size with data.site as {"name": "x"} }
test_document_replaced if { s := site with data.site.rack as 1; s.rack == 1; s.size == 3; s.name == "north" }
