package images

import (
	"debug/buildinfo"
	"encoding/json"
	"os"
	"regexp"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// bill is an SPDX 2.3 document, https://spdx.github.io/spdx-spec/v2.3/. What a Go binary is made of stands in the binary.
type bill struct {
	Version       string         `json:"spdxVersion"`
	License       string         `json:"dataLicense"`
	ID            string         `json:"SPDXID"`
	Name          string         `json:"name"`
	Namespace     string         `json:"documentNamespace"`
	Creation      creation       `json:"creationInfo"`
	Packages      []billed       `json:"packages"`
	Relationships []relationship `json:"relationships"`
}

type creation struct {
	Created  string   `json:"created"`
	Creators []string `json:"creators"`
}

type billed struct {
	Name     string      `json:"name"`
	ID       string      `json:"SPDXID"`
	Version  string      `json:"versionInfo"`
	Location string      `json:"downloadLocation"`
	Analyzed bool        `json:"filesAnalyzed"`
	Refs     []reference `json:"externalRefs,omitempty"`
}

type reference struct {
	Category string `json:"referenceCategory"`
	Type     string `json:"referenceType"`
	Locator  string `json:"referenceLocator"`
}

type relationship struct {
	From string `json:"spdxElementId"`
	Type string `json:"relationshipType"`
	To   string `json:"relatedSpdxElement"`
}

const (
	document = "SPDXRef-DOCUMENT"
	root     = "SPDXRef-image"
	epoch    = "1970-01-01T00:00:00Z" // as the image says of itself, so that the same image has the same bill
)

func writeBill(path, binary, image string, digest v1.Hash) error {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return err
	}
	b := bill{
		Version: "SPDX-2.3", License: "CC0-1.0", ID: document, Name: image, Namespace: "https://heard.dev/spdx/" + digest.Hex,
		Creation:      creation{epoch, []string{"Tool: heard-images"}},
		Packages:      []billed{{Name: image, ID: root, Version: digest.String(), Location: "NOASSERTION"}},
		Relationships: []relationship{{document, "DESCRIBES", root}},
	}
	b.add("stdlib", info.GoVersion)
	for _, module := range info.Deps {
		if module.Replace != nil {
			module = module.Replace
		}
		b.add(module.Path, module.Version)
	}
	text, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

var unfit = regexp.MustCompile(`[^A-Za-z0-9.-]+`)

func (b *bill) add(module, version string) {
	id := "SPDXRef-go-" + unfit.ReplaceAllString(module, "-")
	b.Packages = append(b.Packages, billed{
		Name: module, ID: id, Version: version, Location: "NOASSERTION",
		Refs: []reference{{"PACKAGE-MANAGER", "purl", "pkg:golang/" + module + "@" + version}},
	})
	b.Relationships = append(b.Relationships, relationship{root, "CONTAINS", id})
}
