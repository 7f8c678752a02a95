package backup_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/config"
	"github.com/heard-dev/heard/pkg/core/erasure"
	"github.com/heard-dev/heard/pkg/core/limit"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/pkg/telemetry"
	"github.com/heard-dev/heard/services/heard"
	"github.com/heard-dev/heard/services/heard/internal/backup"
	"github.com/heard-dev/heard/services/heard/internal/demo"
	"github.com/heard-dev/heard/services/heard/internal/embedded"
)

var silent = &run.Env{Telemetry: telemetry.Discard()}

// installation is an all-in-one that serves a folder.
type installation struct {
	t *testing.T
	*embedded.Stores
	url  string
	stop func()
}

func serve(t *testing.T, dir string) *installation {
	t.Helper()
	cfg, err := config.Load[embedded.Config]([]string{"HEARD_DATA_DIR=" + dir, "HEARD_ADDR=127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	stores, err := embedded.Open(t.Context(), cfg, silent)
	if err != nil {
		t.Fatal(err)
	}
	i := &installation{t: t, Stores: stores}
	app := stores.App(silent, append(heard.Services(stores.Platform, silent.Telemetry.Logger), stores)...)
	ready := make(chan string, 1)
	app.Ready = func(addr net.Addr) {
		base := "http://" + addr.String()
		stores.Serves(base)
		stores.Started()
		ready <- base
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run.Serve(ctx, cfg.Config, app, silent) }()
	i.url = <-ready
	i.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(i.stop)
	return i
}

// ask sends JSON with a key and reads the answer.
func (i *installation) ask(method, path, key string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	if body == nil {
		text = nil
	}
	request, err := http.NewRequest(method, i.url+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("Content-Type", "application/json")
	return answered(request, into)
}

func answered(request *http.Request, into any) error {
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s: %d %s", request.Method, request.URL.Path, response.StatusCode, text)
	}
	if raw, ok := into.(*[]byte); ok {
		*raw = text
		return err
	}
	if err == nil && into != nil {
		err = json.Unmarshal(text, into)
	}
	return err
}

type reserved struct{ Key, UploadURL string }

// submit says something with a file of that content, and gives its id.
func (i *installation) submit(app demo.App, content string) (string, error) {
	file := map[string]any{"contentType": "image/png", "byteSize": len(content), "kind": "screenshot"}
	var place reserved
	if err := i.ask("POST", "/v1/feedback/upload-url", app.PublicKey, file, &place); err != nil {
		return "", err
	}
	request, err := http.NewRequest("PUT", place.UploadURL, bytes.NewReader([]byte(content)))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "image/png")
	if err := answered(request, nil); err != nil {
		return "", err
	}
	file["key"] = place.Key
	var made struct{ ID string }
	err = i.ask("POST", "/v1/feedback", app.PublicKey, map[string]any{"text": content, "attachments": []any{file}}, &made)
	return made.ID, err
}

// content is what the item's file holds.
func (i *installation) content(item, key string) (string, error) {
	var got struct {
		Attachments []struct{ DownloadURL string }
	}
	if err := i.ask("GET", "/v1/feedback/"+item, key, nil, &got); err != nil {
		return "", err
	}
	if len(got.Attachments) != 1 {
		return "", fmt.Errorf("%s has %d files", item, len(got.Attachments))
	}
	request, err := http.NewRequest("GET", got.Attachments[0].DownloadURL, nil)
	if err != nil {
		return "", err
	}
	var text []byte
	err = answered(request, &text)
	return string(text), err
}

func TestABackupUnderLoadIsRestoredElsewhere(t *testing.T) {
	const clients, before = 8, 40
	from := serve(t, t.TempDir())
	d, err := demo.Ensure(t.Context(), from.Platform, from.Dir, from.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	unlimited(t, from)

	var mu sync.Mutex
	acknowledged := map[string]string{} // content by item
	var halted atomic.Bool
	var crowd sync.WaitGroup
	for client := range clients {
		crowd.Go(func() {
			for n := 0; !halted.Load(); n++ {
				content := fmt.Sprintf("%d of client %d", n, client)
				item, err := from.submit(d.Apps[0], content)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				acknowledged[item] = content
				mu.Unlock()
			}
		})
	}
	count := func() int { mu.Lock(); defer mu.Unlock(); return len(acknowledged) }
	await(t, func() bool { return count() >= before })

	mu.Lock()
	promised := maps.Clone(acknowledged)
	mu.Unlock()
	file := filepath.Join(t.TempDir(), "heard.tar")
	if err := backup.Write(t.Context(), from.Stores, file); err != nil {
		t.Fatal(err)
	}
	during := count()
	await(t, func() bool { return count() > during }) // it goes on afterwards
	halted.Store(true)
	crowd.Wait()
	from.stop()
	if entries, err := os.ReadDir(filepath.Dir(file)); err != nil || len(entries) != 1 {
		t.Errorf("beside the backup lie %v, %v", entries, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup is %v, %v", info.Mode(), err)
	}

	elsewhere := filepath.Join(t.TempDir(), "new")
	if err := backup.Restore(t.Context(), file, elsewhere, silent); err != nil {
		t.Fatal(err)
	}
	to := serve(t, elsewhere)
	for item, content := range promised {
		if got, err := to.content(item, d.Keys["userz"]); err != nil || got != content {
			t.Errorf("%s holds %q, not %q: %v", item, got, content, err)
		}
	}
	listed := everything(t, to, d)
	for _, item := range listed {
		if got, err := to.content(item, d.Keys["userz"]); err != nil || got != acknowledged[item] {
			t.Errorf("%s is listed and holds %q: %v", item, got, err)
		}
	}
	if len(listed) < len(promised) {
		t.Errorf("%d are listed of %d", len(listed), len(promised))
	}
	t.Logf("%d before, %d in the backup, %d during, %d in all", len(promised), len(listed), during-len(promised), count())

	// What was given out works there: keys, signing secrets and the password.
	var minted struct{ Token string }
	if err := to.ask("POST", "/v1/tokens/mint?appId="+d.Apps[1].ID, d.Keys["userz"], map[string]any{"sub": "ada"}, &minted); err != nil {
		t.Error(err)
	}
	who := map[string]string{"org": d.Org.Slug, "email": d.Admin.Email, "password": d.Admin.Password}
	if err := to.ask("POST", "/v1/sessions", "", who, nil); err != nil {
		t.Error(err)
	}
	if _, err := to.submit(d.Apps[0], "and it goes on"); err != nil {
		t.Error(err)
	}
}

// everything lists all items of the demo.
func everything(t *testing.T, i *installation, d demo.Demo) (items []string) {
	t.Helper()
	stored, err := i.Store.OrgBySlug(t.Context(), d.Org.Slug)
	if err != nil {
		t.Fatal(err)
	}
	found, err := i.Store.FeedbackOf(t.Context(), stored.ID, erasure.Subject{}, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range found {
		items = append(items, item.ID.String())
	}
	return items
}

// unlimited lets no limit hold the demo up.
func unlimited(t *testing.T, i *installation) {
	t.Helper()
	for _, category := range []string{"feedback", "reads"} {
		if err := i.Store.PutOverride(t.Context(), limit.Override{Name: category, Org: "demo", Policy: category + ".*", Rate: tenant.Rate{Limit: 1e8}}); err != nil {
			t.Fatal(err)
		}
	}
	org, err := i.Store.OrgBySlug(t.Context(), "demo")
	if err == nil {
		err = i.Gate.Bump(t.Context(), org.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func await(t *testing.T, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
		}
	}
}
