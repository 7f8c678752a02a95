package sqlitestore

import (
	"bytes"
	"time"

	"github.com/go-json-experiment/json"
	"zombiezen.com/go/sqlite"

	"github.com/heard-dev/heard/pkg/id"
)

// params binds a statement's parameters in their order.
type params struct {
	stmt *sqlite.Stmt
	at   int // the last one bound
}

func noParams(*params) {}

func (p *params) next() int {
	p.at++
	return p.at
}

func (p *params) text(value string) *params {
	p.stmt.BindText(p.next(), value)
	return p
}

func (p *params) int(value int64) *params {
	p.stmt.BindInt64(p.next(), value)
	return p
}

func (p *params) bool(value bool) *params {
	p.stmt.BindBool(p.next(), value)
	return p
}

func (p *params) float(value float64) *params {
	p.stmt.BindFloat(p.next(), value)
	return p
}

func (p *params) null() *params {
	p.stmt.BindNull(p.next())
	return p
}

// blob binds nil as NULL.
func (p *params) blob(value []byte) *params {
	if value == nil {
		return p.null()
	}
	p.stmt.BindBytes(p.next(), value)
	return p
}

// id binds the zero ID as NULL.
func (p *params) id(value id.ID) *params {
	if value.IsZero() {
		return p.null()
	}
	p.stmt.BindBytes(p.next(), value[:])
	return p
}

// before binds the ID that a page ends before; the zero ID as one after every other.
func (p *params) before(value id.ID) *params {
	if value.IsZero() {
		return p.blob(bytes.Repeat([]byte{0xff}, len(value)+1))
	}
	return p.id(value)
}

// folded binds an e-mail address for comparison; none as NULL.
func (p *params) folded(email string) *params {
	if email == "" {
		return p.null()
	}
	return p.text(fold(email))
}

// time binds the zero time as NULL.
func (p *params) time(value time.Time) *params {
	if value.IsZero() {
		return p.null()
	}
	return p.int(value.UnixMilli())
}

// json binds what encode made; nil as NULL.
func (p *params) json(encoded []byte) *params {
	if encoded == nil {
		return p.null()
	}
	return p.text(string(encoded))
}

// row reads a row's columns in their order.
type row struct {
	stmt *sqlite.Stmt
	at   int   // the next column
	err  error // the first fault in what is stored
}

func (r *row) next() int {
	r.at++
	return r.at - 1
}

func (r *row) null() bool { return r.stmt.ColumnType(r.at) == sqlite.TypeNull }

func (r *row) text() string   { return r.stmt.ColumnText(r.next()) }
func (r *row) int() int64     { return r.stmt.ColumnInt64(r.next()) }
func (r *row) bool() bool     { return r.stmt.ColumnBool(r.next()) }
func (r *row) float() float64 { return r.stmt.ColumnFloat(r.next()) }

func (r *row) blob() []byte {
	at := r.next()
	if r.stmt.ColumnType(at) == sqlite.TypeNull {
		return nil
	}
	value := make([]byte, r.stmt.ColumnLen(at))
	r.stmt.ColumnBytes(at, value)
	return value
}

func (r *row) id() (value id.ID) {
	r.stmt.ColumnBytes(r.next(), value[:])
	return value
}

func (r *row) time() time.Time {
	at := r.next()
	if r.stmt.ColumnType(at) == sqlite.TypeNull {
		return time.Time{}
	}
	return time.UnixMilli(r.stmt.ColumnInt64(at)).UTC()
}

// json reads what encode made into value, a pointer; NULL leaves it as it is.
func (r *row) json(value any) {
	if encoded := r.blob(); encoded != nil && r.err == nil {
		r.err = json.Unmarshal(encoded, value)
	}
}

// encode is the JSON of value, or nil when there is none to store.
func encode(there bool, value any) ([]byte, error) {
	if !there {
		return nil, nil
	}
	return json.Marshal(value)
}
