package attachment

import (
	"io"
	"path"
	"strings"

	"github.com/google/uuid"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/id"
)

// maxName is the longest last segment of a key, in bytes: what every file system takes, with room for a temporary suffix.
const maxName = 200

// folders are where the kinds lie within an Org; the last one takes what is unknown.
var folders = [...]struct {
	kind Kind
	name string
}{
	{Screenshot, "screenshots"},
	{Annotated, "annotated"},
	{File, "attachments"},
}

// formats pair content types with file extensions; of several types with one extension the first is its own. Inert ones
// cannot run script when a browser opens them, so their type may be told to one.
var formats = [...]struct {
	contentType string
	extension   string
	inert       bool
}{
	{"image/png", "png", true},
	{"image/jpeg", "jpg", true},
	{"image/jpg", "jpg", true},
	{"image/webp", "webp", true},
	{"image/gif", "gif", true},
	{"image/avif", "avif", true},
	{"image/svg+xml", "svg", false},
	{"video/mp4", "mp4", true},
	{"video/webm", "webm", true},
	{"video/quicktime", "mov", true},
	{"text/plain", "txt", true},
	{"text/csv", "csv", true},
	{"text/markdown", "md", true},
	{"text/x-log", "log", true},
	{"application/json", "json", true},
	{"application/pdf", "pdf", true},
	{"application/zip", "zip", true},
	{"application/x-zip-compressed", "zip", true},
	{"application/gzip", "gz", true},
}

// NewKey makes the key of a new file: orgs/<org>/<folder>/<uuid>.<extension>. The folder follows the kind, the extension the
// content type ("bin" for types without one), and the version-4 UUID comes from random, so that nobody can guess the key.
// It panics when randomness fails, as crypto/rand itself does.
func NewKey(org id.ID, kind Kind, contentType string, random io.Reader) string {
	name, err := uuid.NewRandomFromReader(random)
	if err != nil {
		panic("attachment: no randomness: " + err.Error())
	}
	return prefix(org) + folder(kind) + "/" + name.String() + "." + extension(contentType)
}

// CheckKey tells whether a key has the form that NewKey gives: orgs, an Org, a folder, and a name of letters, digits,
// dots, dashes and underscores. What has another form is no file's key: apierr.NotFound.
func CheckKey(key string) error {
	segments := strings.Split(key, "/")
	if len(segments) != 4 || segments[0] != "orgs" || !isFolder(segments[2]) || !isName(segments[3]) {
		return apierr.Missing("attachment")
	}
	if _, err := id.Parse(segments[1]); err != nil {
		return apierr.Missing("attachment")
	}
	return nil
}

// Owns tells whether the key is a file's of that Org.
func Owns(org id.ID, key string) bool {
	return !org.IsZero() && Owner(key) == org
}

// Owner is the Org whose file the key is; zero where it is none's.
func Owner(key string) id.ID {
	if CheckKey(key) != nil {
		return id.Zero
	}
	org, _ := id.Parse(strings.Split(key, "/")[1])
	return org
}

// DownloadType is the content type to send a file with: the one its key's extension stands for if that is inert, otherwise
// bytes without meaning.
func DownloadType(key string) string {
	extension := strings.TrimPrefix(path.Ext(key), ".")
	for _, f := range formats {
		if f.inert && f.extension == extension {
			return f.contentType
		}
	}
	return "application/octet-stream"
}

// Disposition is the Content-Disposition to send a file with: it is saved under its key's name, never shown.
func Disposition(key string) string {
	return `attachment; filename="` + path.Base(key) + `"`
}

func prefix(org id.ID) string { return "orgs/" + org.String() + "/" }

func folder(kind Kind) string {
	for _, f := range folders {
		if f.kind == kind {
			return f.name
		}
	}
	return folders[len(folders)-1].name
}

func isFolder(name string) bool {
	for _, f := range folders {
		if f.name == name {
			return true
		}
	}
	return false
}

func extension(contentType string) string {
	contentType = strings.ToLower(contentType)
	for _, f := range formats {
		if f.contentType == contentType {
			return f.extension
		}
	}
	return "bin"
}

func isName(name string) bool {
	if name == "" || len(name) > maxName || name[0] == '.' || strings.Contains(name, "..") {
		return false
	}
	for _, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}
