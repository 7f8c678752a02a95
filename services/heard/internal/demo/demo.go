// Package demo makes a tenant to try Heard with, and writes down for tools and people how to reach it.
package demo

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"sync"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/platform"
	"github.com/heard-dev/heard/pkg/secret"
	"github.com/heard-dev/heard/services/heard/internal/embedded"
)

// File is the name of the demo's file in the data folder.
const File = "demo.json"

// Demo is the demo's file. Its secrets are plain: the file belongs to its owner alone.
type Demo struct {
	BaseURL string            `json:"baseUrl"`
	Org     Org               `json:"org"`
	Admin   Admin             `json:"admin"`
	Apps    []App             `json:"apps"`
	Keys    map[string]string `json:"keys"`
}

// Org is the demo's tenant.
type Org struct {
	ID   string `json:"id"`
	Slug string `json:"slug"`
	Name string `json:"name"`
}

// Admin is its owner.
type Admin struct {
	Email    string `json:"email"`
	Password string `json:"password"`
}

// App is one of its Apps: the first hears anybody, the second only end users with a token.
type App struct {
	ID               string `json:"id"`
	Slug             string `json:"slug"`
	PublicKey        string `json:"publicKey"`
	SigningSecret    string `json:"signingSecret"`
	PublicSubmission bool   `json:"publicSubmissionEnabled"`
}

const (
	orgSlug    = "demo"
	adminEmail = "admin@demo.example"
)

var drafts = [...]manage.AppDraft{
	{Slug: "website", Name: "Website", Description: "Takes feedback from anybody.", PublicSubmission: true},
	{Slug: "console", Name: "Console", Description: "Takes feedback from signed-in users only."},
}

// Owner is the demo's owner while the password is being hashed, which costs more than all else that the demo is made of.
type Owner struct {
	password secret.String
	hashed   func() (string, error)
}

// Prepare begins to make the owner of a demo that the folder has no file of; nil where it has one.
func Prepare(dir string, random io.Reader) *Owner {
	if _, err := os.Stat(filepath.Join(dir, File)); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return prepare(random)
}

func prepare(random io.Reader) *Owner {
	o := &Owner{password: manage.NewPassword(random)}
	o.hashed = sync.OnceValues(func() (string, error) { return tenant.HashPassword(o.password, random) })
	go o.hashed() //nolint:errcheck // whoever asks again is told
	return o
}

// Ensure makes the demo unless its file already tells of it, and keeps the file's address current. What Prepare began is
// taken up; nil begins here.
func Ensure(ctx context.Context, p *platform.Platform, dir, baseURL string, owner *Owner) (Demo, error) {
	path := filepath.Join(dir, File)
	d, err := Read(path)
	if err != nil {
		return d, err
	}
	former := d
	if !d.current(ctx, p) {
		d, err = build(ctx, p, owner)
	} else {
		d.Keys, err = complete(ctx, p, d)
	}
	if err != nil {
		return d, err
	}
	if d.BaseURL = baseURL; d.BaseURL == former.BaseURL && maps.Equal(d.Keys, former.Keys) {
		return d, nil
	}
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return d, err
	}
	return d, embedded.WriteFile(path, append(text, '\n'))
}

// Read gives the zero Demo when there is no file.
func Read(path string) (d Demo, err error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return d, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &d)
	}
	return d, err
}

// current tells whether the file's key still opens the demo's Org.
func (d Demo) current(ctx context.Context, p *platform.Platform) bool {
	key, err := p.Store.KeyByHash(ctx, p.Hasher.Hash(d.Keys["userz"]))
	return err == nil && key.Live(p.Now()) && key.Org.String() == d.Org.ID
}

// complete adds the keys of surfaces that the demo was made without; what else the file has stays.
func complete(ctx context.Context, p *platform.Platform, d Demo) (map[string]string, error) {
	org, err := id.Parse(d.Org.ID)
	if err != nil {
		return nil, err
	}
	keys, err := addKeys(ctx, p, org, d.Keys)
	if err != nil {
		return nil, err
	}
	maps.Copy(keys, d.Keys)
	return keys, nil
}

// build makes what is missing. What stands in the store already is taken up again; only its secrets are new.
func build(ctx context.Context, p *platform.Platform, owner *Owner) (Demo, error) {
	if owner == nil {
		owner = prepare(p.Random)
	}
	m := p.Manager
	org, err := p.Store.OrgBySlug(ctx, orgSlug)
	if isMissing(err) {
		org, err = m.CreateOrg(ctx, by(), manage.OrgDraft{Slug: orgSlug, Name: "Demo", Operator: true})
	}
	if err != nil {
		return Demo{}, err
	}
	d := Demo{Org: Org{ID: org.ID.String(), Slug: org.Slug, Name: org.Name}}
	var admin, apps, keys error
	var parts sync.WaitGroup
	parts.Go(func() { d.Admin, admin = addAdmin(ctx, p, m, org.ID, owner) })
	parts.Go(func() { d.Apps, apps = addApps(ctx, p, m, org.ID) })
	parts.Go(func() { d.Keys, keys = addKeys(ctx, p, org.ID, nil) })
	parts.Wait()
	return d, errors.Join(admin, apps, keys)
}

func addApps(ctx context.Context, p *platform.Platform, m *manage.Manager, org id.ID) (apps []App, err error) {
	for _, draft := range drafts {
		app, err := ensureApp(ctx, p, m, org, draft)
		if err != nil {
			return nil, err
		}
		apps = append(apps, app)
	}
	return apps, nil
}

// addKeys makes a key for every surface that has none: a newer version may have more surfaces.
func addKeys(ctx context.Context, p *platform.Platform, org id.ID, former map[string]string) (map[string]string, error) {
	keys := map[string]string{}
	for surface, format := range formats() {
		if keys[surface] = former[surface]; keys[surface] != "" {
			continue
		}
		_, key, err := p.Manager.CreateKey(ctx, by(), org, manage.KeyDraft{Name: "demo " + surface, Format: format.Name})
		if err != nil {
			return nil, err
		}
		keys[surface] = key.Reveal()
	}
	return keys, nil
}

// formats are the keys of the demo, by the surface that each opens.
func formats() map[string]apikey.Format {
	return map[string]apikey.Format{
		"userz": apikey.Secret(), "users": apikey.Secret(), "authworx": apikey.AuthWorx(), "userboost": apikey.UserBoostLive(),
		"userorbit": apikey.Userorbit(),
	}
}

func by() manage.By { return manage.Operator("heard admin demo") }

func ensureApp(ctx context.Context, p *platform.Platform, m *manage.Manager, org id.ID, draft manage.AppDraft) (App, error) {
	apps, err := p.Store.Apps(ctx, org)
	if err != nil {
		return App{}, err
	}
	for _, app := range apps {
		if app.Slug == draft.Slug {
			_, key, err := m.CurrentSecret(app)
			return view(app, secret.String(hex.EncodeToString(key))), err
		}
	}
	app, signing, err := m.CreateApp(ctx, by(), org, draft)
	return view(app, signing), err
}

func view(app tenant.App, signing secret.String) App {
	return App{
		ID: app.ID.String(), Slug: app.Slug, PublicKey: app.PublicKey, SigningSecret: signing.Reveal(),
		PublicSubmission: app.PublicSubmission,
	}
}

// addAdmin makes an owner; one that stands in the store already keeps a password nobody knows, so another is made.
func addAdmin(ctx context.Context, p *platform.Platform, m *manage.Manager, org id.ID, owner *Owner) (Admin, error) {
	draft := manage.MemberDraft{Email: adminEmail, Name: "Demo Admin", Role: access.Owner, Password: owner.password, Hashed: owner.hashed}
	_, err := m.AddMember(ctx, by(), org, draft)
	if err != nil && apierr.KindOf(err) == apierr.Conflict {
		draft.Email = "admin+" + p.IDs.New().String() + "@demo.example"
		_, err = m.AddMember(ctx, by(), org, draft)
	}
	return Admin{Email: draft.Email, Password: owner.password.Reveal()}, err
}

func isMissing(err error) bool { return err != nil && apierr.KindOf(err) == apierr.NotFound }
