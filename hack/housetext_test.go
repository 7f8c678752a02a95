package hack

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"testing"
)

// source is what only the text of a package tells: functions it uses, and what it should not have.
type source struct{ uses, faults []string }

// read resolves names within one package alone: what is imported stays opaque, which is all it takes.
func read(fset *token.FileSet, files []*ast.File) source {
	info := types.Info{Uses: map[*ast.Ident]types.Object{}}
	blind := types.Config{Error: func(error) {}, DisableUnusedImportCheck: true}
	scope := types.NewScope(nil, 0, 0, "")
	if checked, _ := blind.Check("", fset, files, &info); checked != nil { // fails for every import, by design
		scope = checked.Scope()
	}
	var s source
	blame := func(at ast.Node, what string) {
		position := fset.Position(at.Pos())
		s.faults = append(s.faults, fmt.Sprintf("%s (%s:%d)", what, filepath.Base(position.Filename), position.Line))
	}
	assigned := func(to ast.Expr) {
		id := root(to)
		if v, ok := info.Uses[cmp.Or(id, &ast.Ident{})].(*types.Var); ok && v.Parent() == scope {
			blame(to, "changes its variable "+v.Name())
		}
	}
	for _, file := range files {
		ast.Inspect(file, func(node ast.Node) bool {
			switch n := node.(type) {
			case *ast.FuncDecl:
				if n.Name.Name == "init" && n.Recv == nil {
					blame(n, "has an init function")
				}
			case *ast.SelectorExpr:
				if id, ok := n.X.(*ast.Ident); ok {
					if imported, ok := info.Uses[id].(*types.PkgName); ok {
						s.uses = append(s.uses, imported.Imported().Path()+"."+n.Sel.Name)
					}
				}
			case *ast.AssignStmt:
				for _, to := range n.Lhs {
					assigned(to)
				}
			case *ast.IncDecStmt:
				assigned(n.X)
			}
			return true
		})
	}
	slices.Sort(s.uses)
	s.uses = slices.Compact(s.uses)
	return s
}

// root is the variable that an expression assigns to or into, or nil.
func root(to ast.Expr) *ast.Ident {
	for {
		switch e := to.(type) {
		case *ast.Ident:
			return e
		case *ast.SelectorExpr:
			to = e.X
		case *ast.IndexExpr:
			to = e.X
		case *ast.StarExpr:
			to = e.X
		case *ast.ParenExpr:
			to = e.X
		default:
			return nil
		}
	}
}

func TestTheTextOfAPackageIsRead(t *testing.T) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "p.go", `package p
import ("os"; clock "time")
var count, table = 0, map[string]int{}
var fixed = [...]int{1}
func init() { count++ }
func f() { table["a"] = clock.Now().Second() + fixed[0]; count := 1; count++; os.Exit(count) }
`, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	got := read(fset, []*ast.File{file})
	if want := []string{"os.Exit", "time.Now"}; !slices.Equal(got.uses, want) {
		t.Errorf("uses %q", got.uses)
	}
	if want := []string{"has an init function (p.go:5)", "changes its variable count (p.go:5)", "changes its variable table (p.go:6)"}; !slices.Equal(got.faults, want) {
		t.Errorf("faults %q", got.faults)
	}
}
