package sqlitestore

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"strings"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitemigration"
	"zombiezen.com/go/sqlite/sqlitex"
)

// The n-th file, by name, takes a database from version n-1 to n. A released file never changes.
//
//go:embed schema/*.sql
var schema embed.FS

// applicationID marks the file as Heard's (PRAGMA application_id): "Hrd" and the layout's generation.
const applicationID = 0x48726401

func migrate(ctx context.Context, conn *sqlite.Conn) error {
	names, err := fs.Glob(schema, "schema/*.sql")
	if err != nil {
		return err
	}
	steps := make([]string, len(names))
	for i, name := range names {
		text, err := schema.ReadFile(name)
		if err != nil {
			return err
		}
		steps[i] = string(text)
	}
	version, err := sqlitex.ResultInt(conn.Prep("PRAGMA user_version"))
	if err != nil {
		return err
	}
	if version > len(steps) {
		return fmt.Errorf("the database is at version %d and this program knows %d: it is older than the database", version, len(steps))
	}
	if err := conn.CreateFunction("fold", foldFunction()); err != nil {
		return err
	}
	return sqlitemigration.Migrate(ctx, conn, sqlitemigration.Schema{AppID: applicationID, Migrations: steps})
}

// fold is how e-mail addresses and names are compared: in lower case beyond ASCII, which SQLite's lower() is not.
func fold(text string) string { return strings.ToLower(text) }

// foldFunction is fold for a schema file to use.
func foldFunction() *sqlite.FunctionImpl {
	return &sqlite.FunctionImpl{NArgs: 1, Deterministic: true, Scalar: func(_ sqlite.Context, args []sqlite.Value) (sqlite.Value, error) {
		return sqlite.TextValue(fold(args[0].Text())), nil
	}}
}
