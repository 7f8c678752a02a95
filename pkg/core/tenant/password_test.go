package tenant_test

import (
	"crypto/rand"
	"regexp"
	"strings"
	"testing"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/secret"
)

func TestOnlyTheHashedPasswordVerifies(t *testing.T) {
	const password = secret.String("correct hörse")
	hashed, err := tenant.HashPassword(password, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`).MatchString(hashed) {
		t.Fatal(hashed)
	}
	if again, err := tenant.HashPassword(password, rand.Reader); err != nil || again == hashed {
		t.Errorf("two members with one password show it: %s, %v", again, err)
	}
	if !tenant.VerifyPassword(hashed, password) {
		t.Error("the password is refused")
	}
	for _, wrong := range []secret.String{"", "correct horse", "Correct hörse", password + " ", secret.String(hashed)} {
		if tenant.VerifyPassword(hashed, wrong) {
			t.Errorf("%q verifies", wrong.Reveal())
		}
	}
}

// cheap is what the reference program gives: echo -n password | argon2 somesalt -id -t 1 -k 64 -p 1 -l 24.
const cheap = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$ZVrRXqxlLcWfcXCnMyv0m4Rpvh/bnCi7"

func TestHashesOfOtherCostStillVerifyAndNonsenseNever(t *testing.T) {
	if !tenant.VerifyPassword(cheap, "password") {
		t.Fatal("a hash of another cost is refused")
	}
	for name, hashed := range map[string]string{
		"nothing":             "",
		"the password itself": "password",
		"another algorithm":   strings.Replace(cheap, "argon2id", "argon2i", 1),
		"another version":     strings.Replace(cheap, "v=19", "v=16", 1),
		"a longer salt":       strings.Replace(cheap, "c29tZXNhbHQ", "c29tZXNhbHRz", 1),
		"no passes":           strings.Replace(cheap, "t=1", "t=0", 1),
		"no threads":          strings.Replace(cheap, "p=1", "p=0", 1),
		"all memory there is": strings.Replace(cheap, "m=64", "m=4294967295", 1),
		"for ever":            strings.Replace(cheap, "t=1", "t=4294967295", 1),
		"sloppy numbers":      strings.Replace(cheap, "m=64", "m=064", 1),
		"an empty hash":       cheap[:strings.LastIndex(cheap, "$")+1],
		"half a hash":         cheap[:len(cheap)-22],
		"more behind":         cheap + "$",
	} {
		if hashed == cheap || tenant.VerifyPassword(hashed, "password") {
			t.Errorf("%s verifies: %s", name, hashed)
		}
	}
}

func TestPasswordsOfUnfitLengthAreNotHashed(t *testing.T) {
	for _, row := range []struct{ password, code string }{
		{"seven77", "too_small"}, {"ééééééé", "too_small"}, {strings.Repeat("x", 1025), "too_big"},
	} {
		_, err := tenant.HashPassword(secret.String(row.password), rand.Reader)
		if e := apierr.Of(err); err == nil || e.Code != apierr.CodeInvalidBody || e.Issues[0].Code != row.code || e.Issues[0].Path[0] != "password" {
			t.Errorf("%d bytes: %v", len(row.password), err)
		}
	}
	if tenant.VerifyPassword("", secret.String(strings.Repeat("x", 1<<20))) {
		t.Error("a book verifies")
	}
}
