package config_test

import (
	"errors"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/config"
	"github.com/heard-dev/heard/pkg/secret"
)

type listener struct {
	Addr string        `env:"ADDR" envDefault:"127.0.0.1:8080"`
	Wait time.Duration `env:"WAIT" envDefault:"5s"`
}

type Limits struct {
	Low  int `env:"HEARD_LOW" envDefault:"1"`
	High int `env:"HEARD_HIGH" envDefault:"10"`
}

func (l *Limits) Check() []config.Fault {
	if l.Low > l.High {
		return []config.Fault{{Name: "HEARD_LOW", Reason: "is above HEARD_HIGH"}}
	}
	return nil
}

type settings struct {
	Limits
	Public  listener       `envPrefix:"HEARD_PUBLIC_"`
	Admin   listener       `envPrefix:"HEARD_ADMIN_"`
	Proxies []netip.Prefix `env:"HEARD_TRUSTED_PROXIES"`
	Body    config.Bytes   `env:"HEARD_MAX_BODY" envDefault:"8Mi"`
	Store   url.URL        `env:"HEARD_STORE"`
	Level   slog.Level     `env:"HEARD_LOG_LEVEL" envDefault:"info"`
	Token   secret.String  `env:"HEARD_TOKEN,required"`
	Spare   secret.String  `env:"HEARD_SPARE"`
}

func TestLoadFillsEveryTypeFromTheEnvironment(t *testing.T) {
	got, err := config.Load[settings]([]string{
		"HEARD_ADMIN_ADDR=:1", "HEARD_ADMIN_ADDR=:9090", "HEARD_ADMIN_WAIT=", "HEARD_LOW=3", "HEARD_LOG_LEVEL=warn",
		"HEARD_TRUSTED_PROXIES=10.0.0.0/8, fd00::/8,", "HEARD_STORE=https://store.test:9000/a?b=c", "HEARD_TOKEN=t=1",
	})
	want := settings{
		Limits:  Limits{Low: 3, High: 10},
		Public:  listener{Addr: "127.0.0.1:8080", Wait: 5 * time.Second},
		Admin:   listener{Addr: ":9090", Wait: 5 * time.Second},
		Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")},
		Body:    8 << 20,
		Store:   url.URL{Scheme: "https", Host: "store.test:9000", Path: "/a", RawQuery: "b=c"},
		Level:   slog.LevelWarn,
		Token:   "t=1",
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("Load = %+v, %v\nwant   %+v", got, err, want)
	}
}

func TestLoadReportsEveryFaultOnceAndNoSecret(t *testing.T) {
	type pair struct{ First, Second settings }
	_, err := config.Load[pair]([]string{
		"HEARD_PUBLIC_WAIT=5", "HEARD_TRUSTED_PROXIES=10.0.0.1", "HEARD_MAX_BODY=8MB", "HEARD_LOG_LEVEL=loud",
		"HEARD_STORE=http://user:hunter2@host:port", "HEARD_TOKEN_FILE=/hunter2", "HEARD_SPARE=hunter2", "HEARD_SPARE_FILE=/hunter2",
		"HEARD_LOW=11", "HEARD_HIGH=ten",
	})
	faults, ok := errors.AsType[config.Faults](err)
	if !ok {
		t.Fatalf("error is %T: %v", err, err)
	}
	var names []string
	for _, fault := range faults {
		names = append(names, fault.Name)
		if fault.Reason == "" || !strings.Contains(err.Error(), fault.Name) {
			t.Errorf("%+v is not explained in:\n%v", fault, err)
		}
	}
	want := []string{
		"HEARD_HIGH", "HEARD_PUBLIC_WAIT", "HEARD_TRUSTED_PROXIES", "HEARD_MAX_BODY", "HEARD_STORE", "HEARD_LOG_LEVEL", "HEARD_TOKEN", "HEARD_SPARE",
	}
	if !slices.Equal(names, want) {
		t.Errorf("faults of %v\nwant      %v", names, want)
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the report shows a secret:\n%v", err)
	}
}

func TestLoadAsksACheckerOnceItsFieldsAreRead(t *testing.T) {
	_, err := config.Load[settings]([]string{"HEARD_LOW=11", "HEARD_MAX_BODY=much", "HEARD_TOKEN=t"})
	faults, _ := errors.AsType[config.Faults](err)
	if len(faults) != 2 || faults[0] != (config.Fault{Name: "HEARD_LOW", Reason: "is above HEARD_HIGH"}) {
		t.Fatalf("faults = %v", err)
	}
}

func TestSecretsComeFromFiles(t *testing.T) {
	file := func(content string) string {
		path := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, row := range map[string]struct {
		environ []string
		want    secret.String
		fails   bool
	}{
		"trimmed":      {environ: []string{"HEARD_TOKEN_FILE=" + file(" from file\n")}, want: "from file"},
		"empty is not": {environ: []string{"HEARD_TOKEN=", "HEARD_TOKEN_FILE=" + file("x")}, want: "x"},
		"both":         {environ: []string{"HEARD_TOKEN=a", "HEARD_TOKEN_FILE=" + file("a")}, fails: true},
		"empty file":   {environ: []string{"HEARD_TOKEN_FILE=" + file("\n")}, fails: true},
		"no file":      {environ: []string{"HEARD_TOKEN_FILE=" + file("x") + "-not"}, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := config.Load[settings](row.environ)
			if got.Token != row.want || (err != nil) != row.fails {
				t.Fatalf("Load = %q, %v", got.Token.Reveal(), err)
			}
		})
	}
}

func TestBytesAreSpelledWithBinaryUnits(t *testing.T) {
	for text, want := range map[string]config.Bytes{"0": 0, "1000": 1000, "512Ki": 512 << 10, "8Mi": 8 << 20, "3Gi": 3 << 30} {
		var got config.Bytes
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want || got.String() != text {
			t.Errorf("%s = %d (%v), %v", text, got, got, err)
		}
	}
	for _, text := range []string{"", "i", "Ki", "8M", "8MiB", "8mi", "1.5Mi", "-1", "9007199254740992Ki", "1_0", " 1"} {
		var got config.Bytes
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was read as %d", text, got)
		}
	}
}

func TestMaskedShowsEverythingButSecrets(t *testing.T) {
	type pair struct{ First, Second settings }
	cfg, err := config.Load[pair]([]string{"HEARD_TOKEN=hunter2", "HEARD_STORE=http://u:hunter2@host:1", "HEARD_LOG_LEVEL=debug"})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, attr := range config.Masked(cfg) {
		if _, twice := got[attr.Key]; twice {
			t.Errorf("%s is listed twice", attr.Key)
		}
		got[attr.Key] = attr.Value.String()
	}
	want := map[string]string{
		"HEARD_LOW": "1", "HEARD_HIGH": "10", "HEARD_PUBLIC_ADDR": "127.0.0.1:8080", "HEARD_PUBLIC_WAIT": "5s",
		"HEARD_ADMIN_ADDR": "127.0.0.1:8080", "HEARD_ADMIN_WAIT": "5s", "HEARD_TRUSTED_PROXIES": "[]", "HEARD_MAX_BODY": "8Mi",
		"HEARD_STORE": "http://u:xxxxx@host:1", "HEARD_LOG_LEVEL": "DEBUG", "HEARD_TOKEN": "***", "HEARD_SPARE": "",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Masked = %v\nwant     %v", got, want)
	}
}
