package httpapi

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"slices"

	"github.com/heard-dev/heard/services/read/internal/people"
)

// spellCursor writes the fields of a struct of fixed size, one after the other.
func spellCursor(fields any) string {
	packed, err := binary.Append(nil, binary.BigEndian, fields)
	if err != nil {
		panic("httpapi: a cursor without a fixed size: " + err.Error())
	}
	return hex.EncodeToString(packed)
}

// readCursor reads what spellCursor spelled.
func readCursor(text string, fields any) error {
	packed, err := hex.DecodeString(text)
	if err == nil {
		err = binary.Read(bytes.NewReader(packed), binary.BigEndian, fields)
	}
	if err != nil {
		return badCursor()
	}
	return nil
}

// after is where the page of the timeline begins.
func (in *personIn) after() (place people.Place, err error) {
	if in.Cursor == "" {
		return place, nil
	}
	if err := readCursor(in.Cursor, &place); err != nil {
		return place, err
	}
	return place, checkPlace(place)
}

// from is where the page of the export begins.
func (in *exportIn) from() (from people.Position, err error) {
	if in.Cursor == "" {
		return from, nil
	}
	if err := readCursor(in.Cursor, &from); err != nil {
		return from, err
	}
	return from, checkPlace(from.After)
}

func checkPlace(place people.Place) error {
	if place.Milli < 0 || place.Milli > lastMilli || !slices.Contains(people.Kinds(), place.Kind) {
		return badCursor()
	}
	return nil
}
