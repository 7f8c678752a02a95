package attachment_test

import (
	"bytes"
	"crypto/rand"
	"regexp"
	"strings"
	"testing"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/id"
)

var (
	ours   = id.ID{1, 2, 3}
	theirs = id.ID{1, 2, 4}
)

func TestKeysFollowOrgKindAndContentType(t *testing.T) {
	zeros := func() *bytes.Reader { return bytes.NewReader(make([]byte, 16)) }
	for _, row := range []struct {
		kind        attachment.Kind
		contentType string
		want        string
	}{
		{attachment.Screenshot, "image/png", "screenshots/00000000-0000-4000-8000-000000000000.png"},
		{attachment.Annotated, "IMAGE/JPEG", "annotated/00000000-0000-4000-8000-000000000000.jpg"},
		{attachment.File, "application/json", "attachments/00000000-0000-4000-8000-000000000000.json"},
		{attachment.File, "text/html", "attachments/00000000-0000-4000-8000-000000000000.bin"},
		{attachment.File, "x/..", "attachments/00000000-0000-4000-8000-000000000000.bin"},
		{"unheard-of", "image/png", "attachments/00000000-0000-4000-8000-000000000000.png"},
	} {
		if got, want := attachment.NewKey(ours, row.kind, row.contentType, zeros()), "orgs/"+ours.String()+"/"+row.want; got != want {
			t.Errorf("NewKey(%s, %s) = %s, want %s", row.kind, row.contentType, got, want)
		}
	}

	shape := regexp.MustCompile(`^orgs/` + ours.String() + `/screenshots/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\.png$`)
	seen := map[string]bool{}
	for range 100 {
		key := attachment.NewKey(ours, attachment.Screenshot, "image/png", rand.Reader)
		if !shape.MatchString(key) || seen[key] || attachment.CheckKey(key) != nil || !attachment.Owns(ours, key) {
			t.Fatalf("key %q is malformed, repeated or not its Org's", key)
		}
		seen[key] = true
	}
}

func TestKeysThatCouldLeadElsewhereAreNobodys(t *testing.T) {
	home := "orgs/" + ours.String() + "/screenshots/"
	for _, key := range []string{
		"", "/", "a.png", "/" + home + "a.png", home, home + "a/b.png", home + "/a.png", home + "..", home + ".", home + ".a.png", home + "a..png",
		home + "../a.png", home + `..\a.png`, home + "a\x00.png", home + "a\n.png", home + "a b.png", home + "a%2f.png", home + "ä.png",
		home + `a".png`, home + "a?x=1", home + "a#b", home + strings.Repeat("a", 300),
		"orgs/../" + ours.String() + "/screenshots/a.png", "orgs/" + ours.String() + "/../screenshots/a.png",
		"orgs/" + ours.String() + "/elsewhere/a.png", "orgs/short/screenshots/a.png", "ORGS/" + ours.String() + "/screenshots/a.png",
	} {
		if err := attachment.CheckKey(key); apierr.KindOf(err) != apierr.NotFound {
			t.Errorf("CheckKey(%q) = %v, want NotFound", key, err)
		}
		if attachment.Owns(ours, key) {
			t.Errorf("Owns(%q) is true", key)
		}
	}
	if attachment.Owns(theirs, home+"a.png") {
		t.Error("one Org owns another's key")
	}
}

func TestOnlyInertTypesAreToldToBrowsers(t *testing.T) {
	for contentType, want := range map[string]string{
		"image/png":                "image/png",
		"image/jpg":                "image/jpeg",
		"video/mp4":                "video/mp4",
		"text/plain":               "text/plain",
		"image/svg+xml":            "application/octet-stream",
		"text/html":                "application/octet-stream",
		"application/x-javascript": "application/octet-stream",
	} {
		key := attachment.NewKey(ours, attachment.File, contentType, rand.Reader)
		if got := attachment.DownloadType(key); got != want {
			t.Errorf("a file uploaded as %s is sent as %s, want %s", contentType, got, want)
		}
		if got := attachment.Disposition(key); got != `attachment; filename="`+key[strings.LastIndex(key, "/")+1:]+`"` {
			t.Errorf("disposition %s", got)
		}
	}
}
