package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"

	"github.com/heard-dev/heard/pkg/config"
	"github.com/heard-dev/heard/pkg/secret"
	"github.com/heard-dev/heard/services/heard/internal/client"
	"github.com/heard-dev/heard/services/heard/internal/demo"
	"github.com/heard-dev/heard/services/heard/internal/profile"
)

// localURL is where Heard listens when it is told nothing.
const localURL = "http://127.0.0.1:8080"

// demoSession is the file, in the data folder, of the log-in as the demo's admin.
const demoSession = "cli.json"

// api connects as the first of these that there is: the token that was given, the profile, the demo's admin.
func (c *cli) api() (*client.Client, error) {
	if c.token != "" {
		base := c.url
		if base == "" {
			base = localURL
		}
		return client.New(base, client.Fixed(c.token))
	}
	profiles, errPlace := c.profiles()
	if errPlace == nil {
		stored, err := profiles.Get(c.profile)
		if err == nil {
			return c.as(stored.URL, &login{profiles: profiles, name: c.profile})
		}
		if !errors.Is(err, profile.ErrNone) {
			return nil, err
		}
	}
	folder, err := c.dataDir()
	if err != nil {
		return nil, err
	}
	file := filepath.Join(folder, demo.File)
	d, err := demo.Read(file)
	if err != nil {
		return nil, err
	}
	if d.BaseURL == "" || c.profile != defaultProfile {
		return nil, errors.Join(errPlace, fmt.Errorf("nobody is logged in: --token is not given, %s has no profile %q, and there is no demo in %s",
			cmp.Or(profiles.Path(), "no file"), c.profile, file))
	}
	return c.as(d.BaseURL, &login{profiles: profile.At(filepath.Join(folder, demoSession)), name: "demo", demo: &d})
}

// openAPI connects as nobody: to the Heard at --url, or the one that would be spoken to otherwise.
func (c *cli) openAPI() (*client.Client, error) {
	if c.url != "" {
		return client.New(c.url, client.Fixed(""))
	}
	api, err := c.api()
	if err != nil {
		return client.New(localURL, client.Fixed(""))
	}
	return api.As(client.Fixed("")), nil
}

// as connects with a stored log-in, which goes nowhere but to where it was made.
func (c *cli) as(base string, l *login) (*client.Client, error) {
	if c.url != "" && strings.TrimSuffix(c.url, "/") != strings.TrimSuffix(base, "/") {
		return nil, fmt.Errorf("%s is logged in to %s, not to %s: log in there, or give --token", l.name, base, c.url)
	}
	open, err := client.New(base, client.Fixed(""))
	if err != nil {
		return nil, err
	}
	l.open = open
	return client.New(base, l)
}

func (c *cli) dataDir() (string, error) {
	cfg, err := config.Load[struct {
		DataDir string `env:"HEARD_DATA_DIR" envDefault:".heard"`
	}](c.environ)
	return cfg.DataDir, err
}

// login is a client.Credential that a file remembers. Of several commands that find the access token expired one refreshes
// it, and the others take what it stored: a refresh token that is used twice ends the log-in.
type login struct {
	profiles profile.Store
	name     string
	open     *client.Client // speaks without a token
	demo     *demo.Demo     // whose admin logs in anew where that is needed; nil for anybody else
}

// Token gives the stored access token.
func (l *login) Token(ctx context.Context) (secret.String, error) {
	stored, err := l.profiles.Get(l.name)
	if l.demo != nil && (errors.Is(err, profile.ErrNone) || stored.Org != l.demo.Org.ID) {
		return l.Renew(ctx, stored.Access)
	}
	return stored.Access, err
}

// Renew refreshes the log-in, or makes that of the demo anew. It gives no token when the log-in is over.
func (l *login) Renew(ctx context.Context, refused secret.String) (token secret.String, err error) {
	err = l.profiles.Change(ctx, l.name, func(p profile.Profile) (profile.Profile, error) {
		if p.Access != refused { // another command was faster
			token = p.Access
			return p, nil
		}
		made, err := l.renewed(ctx, p)
		if refusal, ok := errors.AsType[*client.Error](err); ok && refusal.Status == http.StatusUnauthorized {
			return p, nil
		}
		p.Access, p.Refresh = made.access(), made.refresh()
		token = p.Access
		if l.demo != nil {
			p.URL, p.Org, p.Email = l.demo.BaseURL, l.demo.Org.ID, l.demo.Admin.Email
		}
		return p, err
	})
	return token, err
}

func (l *login) renewed(ctx context.Context, p profile.Profile) (tokens, error) {
	if l.demo == nil || p.Org == l.demo.Org.ID && p.Refresh != "" {
		made, err := refresh(ctx, l.open, p.Refresh)
		if err == nil || l.demo == nil {
			return made, err
		}
	}
	return create(ctx, l.open, credentials{Org: l.demo.Org.Slug, Email: l.demo.Admin.Email, Password: l.demo.Admin.Password})
}

// credentials are what a person logs in with.
type credentials struct {
	Org      string `json:"org"`
	Email    string `json:"email"`
	Password string `json:"password"`
	Code     string `json:"code,omitempty"`
}

// tokens are what a log-in is answered with.
type tokens struct {
	RequiresTwoFactor bool   `json:"requiresTwoFactor"`
	AccessToken       string `json:"accessToken"`
	RefreshToken      string `json:"refreshToken"`
}

func (t tokens) access() secret.String  { return secret.String(t.AccessToken) }
func (t tokens) refresh() secret.String { return secret.String(t.RefreshToken) }

func create(ctx context.Context, api *client.Client, who credentials) (tokens, error) {
	return ask(ctx, api, "/v1/sessions", who)
}

func refresh(ctx context.Context, api *client.Client, token secret.String) (tokens, error) {
	return ask(ctx, api, "/v1/sessions/refresh", map[string]string{"refreshToken": token.Reveal()})
}

func ask(ctx context.Context, api *client.Client, path string, body any) (made tokens, err error) {
	answer, err := api.Do(ctx, client.Call{Method: http.MethodPost, Path: path, Body: body})
	if err == nil {
		err = json.Unmarshal(answer, &made)
	}
	return made, err
}
