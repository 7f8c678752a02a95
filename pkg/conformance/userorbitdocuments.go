package conformance

import "testing"

// listsDocuments is O4.
func (o *userorbit) listsDocuments(t *testing.T) {
	team := o.team(t, o.org(t).ID)
	rows, total := o.list(t, team, "public/documents.list", nil)
	if len(rows) != 0 || total != 0 {
		t.Errorf("a new team has %d documents", total)
	}
}

// listsDocumentsOfASubscriber is O5.
func (o *userorbit) listsDocumentsOfASubscriber(t *testing.T) {
	team := o.team(t, o.org(t).ID)
	who, _ := o.subscriber(t, team)
	if rows, _ := o.list(t, who, "public/documents.list", nil); len(rows) != 0 {
		t.Errorf("a subscriber of a new team is shown %v", rows)
	}
}
