package cli

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/heard-dev/heard/services/heard/internal/demo"
	"github.com/heard-dev/heard/services/heard/internal/profile"
)

// admin is a shell that is logged in as the demo's admin, to a Heard that counts what it is asked.
func admin(t *testing.T) (s shell, d demo.Demo, asked func(path string) int64) {
	t.Helper()
	d = serve(t, t.TempDir())
	target, err := url.Parse(d.BaseURL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	var counts sync.Map
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		count, _ := counts.LoadOrStore(r.URL.Path, &atomic.Int64{})
		count.(*atomic.Int64).Add(1)
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s = newShell(t, t.TempDir())
	s.feed(d.Admin.Password+"\n", "login", "--url", server.URL+"/", "--org", "demo", "--email", d.Admin.Email, "--password-stdin")
	return s, d, func(path string) int64 {
		count, ok := counts.Load(path)
		if !ok {
			return 0
		}
		return count.(*atomic.Int64).Load()
	}
}

// expire makes the stored access token one that is refused.
func (s shell) expire() {
	s.t.Helper()
	err := profile.At(s.config).Change(s.t.Context(), defaultProfile, func(p profile.Profile) (profile.Profile, error) {
		p.Access = "expired"
		return p, nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func TestALogInIsRememberedByItsOwnerAlone(t *testing.T) {
	s, d, asked := admin(t)
	if got := s.do("whoami")["member"].(map[string]any)["email"]; got != d.Admin.Email {
		t.Errorf("logged in as %v", got)
	}
	s.do("app", "list")
	if n := asked("/v1/sessions"); n != 1 {
		t.Errorf("logged in %d times", n)
	}
	info, err := os.Stat(s.config)
	folder, errFolder := os.Stat(filepath.Dir(s.config))
	if err != nil || errFolder != nil || info.Mode().Perm() != 0o600 || folder.Mode().Perm() != 0o700 {
		t.Errorf("it lies in %v, %v in %v, %v", info, err, folder, errFolder)
	}
	text, err := os.ReadFile(s.config)
	if err != nil || strings.Contains(string(text), d.Admin.Password) {
		t.Errorf("the password is kept: %v", err)
	}
	s.fails("not to http://127.0.0.1:1", "app", "list", "--url", "http://127.0.0.1:1")
	wrong := s.try("not the password", "login", "--url", d.BaseURL, "--org", "demo", "--email", d.Admin.Email, "--password-stdin", "--profile", "other")
	if wrong.code != 1 || strings.Contains(wrong.errs, `"heard login"`) {
		t.Errorf("a wrong password is told %q", wrong.errs)
	}
	s.fails(`no profile "other"`, "whoami", "--profile", "other")
	s.fails("use --password-stdin", "login", "--url", d.BaseURL, "--org", "demo", "--email", d.Admin.Email)
}

func TestAPasswordIsChangedByItsOwnerAndResetByAnother(t *testing.T) {
	s, d, _ := admin(t)
	login := []string{"login", "--url", d.BaseURL, "--org", "demo", "--email", d.Admin.Email, "--password-stdin"}
	s.fails("reads 2 lines", "password", "--passwords-stdin")
	if got := s.try(d.Admin.Password+"\nshort\n", "password", "--passwords-stdin"); got.code != 1 || !strings.Contains(got.errs, "--passwords-stdin must") {
		t.Errorf("a short one is told %q", got.errs)
	}
	s.feed(d.Admin.Password+"\na password of her own\n", "password", "--passwords-stdin")
	if got := s.try(d.Admin.Password, login...); got.code != 1 {
		t.Error("the former password is good still")
	}
	s.feed("a password of her own", login...)
	token := s.do("invitation", "create", "--email", "bob@demo.example", "--role", "member")["token"].(string)
	s.feed("first of all passwords", "invitation", "accept", token, "--name", "Bob", "--password-stdin")
	reset := s.do("member", "reset-access", "bob@demo.example")["password"].(string)
	bob := newShell(t, t.TempDir())
	bob.feed(reset, "login", "--url", d.BaseURL, "--org", "demo", "--email", "bob@demo.example", "--password-stdin")
	bob.fails("heard: ", "key", "list")
}

// Of commands that find the access token expired at the same time one refreshes it. A second would end the log-in.
func TestCommandsThatRaceWithAnExpiredTokenRefreshItOnce(t *testing.T) {
	s, _, asked := admin(t)
	for round := range int64(3) {
		s.expire()
		var racing sync.WaitGroup
		for range 8 {
			racing.Go(func() {
				if got := s.try("", "whoami"); got.code != 0 {
					t.Errorf("%s", got.errs)
				}
			})
		}
		racing.Wait()
		if n := asked("/v1/sessions/refresh"); n != round+1 {
			t.Errorf("refreshed %d times in %d rounds", n, round+1)
		}
	}
}

func TestALogInThatIsOverSaysSo(t *testing.T) {
	s, d, _ := admin(t)
	stored, err := profile.At(s.config).Get(defaultProfile)
	if err != nil {
		t.Fatal(err)
	}
	s.expire()
	s.do("whoami")
	stolen, err := json.Marshal(map[string]string{"refreshToken": stored.Refresh.Reveal()})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.Post(d.BaseURL+"/v1/sessions/refresh", "application/json", strings.NewReader(string(stolen)))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	s.fails(`Log in with "heard login"`, "whoami")
	s.do("logout") // what is over already can be forgotten
	s.fails("nobody is logged in", "whoami")
}

func TestWithoutALogInTheDemosAdminSpeaksAndIsNotLoggedInAnewEachTime(t *testing.T) {
	dir := t.TempDir()
	d, s := serve(t, dir), newShell(t, dir)
	for range 3 {
		if me := s.do("whoami")["member"].(map[string]any); me["email"] != d.Admin.Email {
			t.Errorf("speaks as %v", me)
		}
	}
	path := filepath.Join(dir, demoSession)
	first, err := profile.At(path).Get("demo")
	if err != nil {
		t.Fatal(err)
	}
	err = profile.At(path).Change(t.Context(), "demo", func(p profile.Profile) (profile.Profile, error) {
		p.Access, p.Refresh = "expired", "used"
		return p, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s.do("whoami")
	if again, err := profile.At(path).Get("demo"); err != nil || again.Refresh == first.Refresh || again.Refresh == "used" {
		t.Errorf("it was not logged in anew: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("it lies in %v, %v", info, err)
	}
	if _, err := os.Stat(s.config); !os.IsNotExist(err) {
		t.Errorf("the demo's log-in is among one's own: %v", err)
	}
}

func TestASecondFactorIsEnrolledAndAskedFor(t *testing.T) {
	s, d, _ := admin(t)
	drawn := s.do("two-factor", "enroll")
	enabled := s.do("two-factor", "enable", oneTimeCode(t, drawn["secret"].(string)))
	recovery := enabled["recoveryCodes"].([]any)
	login := []string{"login", "--url", d.BaseURL, "--org", "demo", "--email", d.Admin.Email, "--password-stdin"}
	if got := s.try(d.Admin.Password, login...); got.code != 1 || !strings.Contains(got.errs, "--code") {
		t.Errorf("without a code: %+v", got)
	}
	s.feed(d.Admin.Password, append(login, "--code", recovery[0].(string))...)
	s.fails("heard: ", "two-factor", "enable", "000000")
	s.feed(d.Admin.Password, "two-factor", "disable", "--code", recovery[1].(string), "--password-stdin")
	s.feed(d.Admin.Password, login...)
}
