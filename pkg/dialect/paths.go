package dialect

import "strings"

// Under tells whether path is root or lies below it. Root has no slash at its end.
func Under(path, root string) bool {
	rest, ok := strings.CutPrefix(path, root)
	return ok && (rest == "" || rest[0] == '/')
}

// IsAction tells whether path is one resource.action right below root: it is what two vendors who share a root are told apart by.
func IsAction(path, root string) bool {
	name, ok := strings.CutPrefix(strings.TrimSuffix(path, "/"), root+"/")
	resource, action, dotted := strings.Cut(name, ".")
	return ok && dotted && resource != "" && action != "" && !strings.Contains(name, "/")
}
