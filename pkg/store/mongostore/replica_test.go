package mongostore_test

import (
	"encoding/binary"
	"io"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/feedback"
)

// A replica set has moments with two primaries. What grants or refuses access must not come from the one that was replaced.
func TestAccessIsReadLinearizablyFromAReplicaSet(t *testing.T) {
	var sent commands
	s := open(t, newProxy(t, server(t), sayReplicated).uri, sent.monitor())
	ctx, one := t.Context(), item()
	for name, read := range map[string]func(){
		"Org":              func() { s.Org(ctx, one.Org) },
		"OrgBySlug":        func() { s.OrgBySlug(ctx, "o") },
		"App":              func() { s.App(ctx, one.Org, one.App) },
		"AppByPublicKey":   func() { s.AppByPublicKey(ctx, "pub_") },
		"Key":              func() { s.Key(ctx, one.Org, one.ID) },
		"KeyByHash":        func() { s.KeyByHash(ctx, apikey.Hash{}) },
		"Member":           func() { s.Member(ctx, one.Org, one.ID) },
		"MemberByEmail":    func() { s.MemberByEmail(ctx, one.Org, "ann@example.com") },
		"Session":          func() { s.Session(ctx, one.Org, one.ID) },
		"Invitation":       func() { s.Invitation(ctx, one.Org, one.ID) },
		"InvitationByHash": func() { s.InvitationByHash(ctx, [32]byte{}) },
	} {
		sent.take()
		read()
		command := sent.take()[0]
		if level, _ := command.Lookup("readConcern", "level").StringValueOK(); level != "linearizable" {
			t.Errorf("%s is read by %s", name, command)
		}
		if _, err := command.LookupErr("maxTimeMS"); err != nil {
			t.Errorf("%s may wait for a majority for ever", name)
		}
	}
	must(t, full(s.ListFeedback(ctx, one.Org, feedback.Query{Limit: 1}))(0))
	if command := sent.take()[0]; command.Lookup("readConcern").Type != 0 {
		t.Errorf("a list is read by %s", command)
	}
}

// sayReplicated passes on every message but the store's own hello, to which it answers that this is a replica set.
func sayReplicated(client io.ReadWriter, server io.Writer) {
	const header, body, opMsg = 16, 21, 2013 // of an OP_MSG: length, ids and opcode, then flags and the kind of its section
	for {
		message := make([]byte, header)
		if _, err := io.ReadFull(client, message); err != nil {
			return
		}
		message = append(message, make([]byte, binary.LittleEndian.Uint32(message)-header)...)
		if _, err := io.ReadFull(client, message[header:]); err != nil {
			return
		}
		asks := binary.LittleEndian.Uint32(message[12:]) == opMsg && bson.Raw(message[body:]).Index(0).Key() == "hello"
		if !asks {
			if _, err := server.Write(message); err != nil {
				return
			}
			continue
		}
		answer, err := bson.Marshal(bson.D{{Key: "ok", Value: 1}, {Key: "setName", Value: "rs0"}})
		if err != nil {
			return
		}
		reply := make([]byte, body, body+len(answer))
		binary.LittleEndian.PutUint32(reply, uint32(body+len(answer)))
		copy(reply[8:], message[4:8])
		binary.LittleEndian.PutUint32(reply[12:], opMsg)
		if _, err := client.Write(append(reply, answer...)); err != nil {
			return
		}
	}
}
