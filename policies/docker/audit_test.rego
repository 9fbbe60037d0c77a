package docker.audit_test

import data.docker.audit
import data.docker.testing

test_violations if {
	request := testing.by(testing.create({"Privileged": true, "PidMode": "host"}), "alice", [])
	violations := audit.violations with input as request
	violations == {
		{
			"action": "container_create",
			"category": "pid",
			"message": "the host's process namespace is not allowed (PidMode)",
			"severity": "high",
			"user": "alice",
		},
		{
			"action": "container_create",
			"category": "privileged",
			"message": "privileged containers are not allowed (Privileged)",
			"severity": "high",
			"user": "alice",
		},
	}
}

test_compliance if {
	good := audit.compliance_status with input as testing.create({})
	good.compliant == true
	good.total_violations == 0
	bad := audit.compliance_status with input as testing.create({"Privileged": true})
	bad.compliant == false
	bad.total_violations == 1
	bad.user == ""
	bad.operation == "POST "
}

# Every category is as grave as its own annotations say.
test_severities if {
	every category, _ in data.docker.rules {
		audit.severities[category] in {"high", "medium", "low"}
	}
}
