package mongostore

import (
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/id"
)

// owned selects within one Org.
func owned(org id.ID, more ...bson.E) bson.D {
	return append(bson.D{e("orgId", bson.ObjectID(org))}, more...)
}

// path is the _id of what its Org alone tells apart: such _ids are unique without an index of their own, and the Org's lie
// side by side.
func path(org id.ID, names ...string) string { return org.String() + ":" + strings.Join(names, ":") }

// below selects the documents whose path begins with the names.
func below(org id.ID, names ...string) bson.D {
	const afterColon = ";"
	first := path(org, append(names, "")...)
	return owned(org, e("_id", bson.D{e("$gte", first), e("$lt", strings.TrimSuffix(first, ":")+afterColon)}))
}

func e(key string, value any) bson.E { return bson.E{Key: key, Value: value} }

func objectID(of id.ID) bson.ObjectID { return bson.ObjectID(of) }

func set(fields ...bson.E) bson.D { return bson.D{e("$set", bson.D(fields))} }

func ascending(fields ...string) bson.D {
	keys := make(bson.D, len(fields))
	for i, field := range fields {
		keys[i] = e(field, 1)
	}
	return keys
}

func oldestFirst() *options.FindOptionsBuilder { return options.Find().SetSort(ascending("_id")) }

func index(fields ...string) mongo.IndexModel { return mongo.IndexModel{Keys: ascending(fields...)} }

func unique(fields ...string) mongo.IndexModel {
	return mongo.IndexModel{Keys: ascending(fields...), Options: options.Index().SetUnique(true)}
}

func is(err error, kind apierr.Kind) bool { return err != nil && apierr.KindOf(err) == kind }

// orNull is what a field that is left out when zero equals in a filter.
func orNull(value interface{ IsZero() bool }) any {
	if value.IsZero() {
		return nil
	}
	return value
}

// versioned selects the document at a version. One from before there were versions has none, and counts as the first.
func versioned(version int64) bson.E {
	if version == 1 {
		return e("version", bson.D{e("$in", bson.A{version, nil})})
	}
	return e("version", version)
}

func hashOf[H ~[32]byte](raw []byte) (hash H) {
	copy(hash[:], raw)
	return hash
}
