// Package subject runs each of the servers that are measured as a process of its own.
package subject

// Kind is what a server does for a request.
type Kind string

// The kinds, each doing more than the one before.
const (
	Bare  Kind = "gin"          // answers a fixed body
	Floor Kind = "gin + insert" // decodes, stores or lists, encodes: what no server of this kind can leave out
	Heard Kind = "heard"        // the product, with every feature on
	// Driver is no server: the store's own driver, called where it is measured.
	Driver Kind = "driver"
)

// Engine is what a server stores in.
type Engine string

// The engines.
const (
	SQLite Engine = "SQLite"
	Mongo  Engine = "MongoDB"
)

// Spec says which server to run. Dir is a folder of its own. Items is how much feedback its Org has before the first
// request. The last four are for MongoDB.
type Spec struct {
	Kind   Kind
	Engine Engine
	Dir    string
	Items  int

	MongoURI, Database string
	RedisURL, Prefix   string
}

// Doors are where a running server answers, and what opens it.
type Doors struct {
	Address   string
	Control   string // usage and profiles
	PublicKey string
	SecretKey string
	EventKey  string // which tells events
	App       string // one of the two Apps, which have half of the items each
	Middle    string // an item that half of the items are older than
}

// Usage is what a server's process has used since it began.
type Usage struct {
	CPU      int64 // microseconds, user and system
	Resident int64 // bytes of memory; 0 where the system does not tell
}
