package usertoken_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/usertoken"
	"github.com/heard-dev/heard/pkg/id"
)

var (
	app      = id.ID{1}
	otherApp = id.ID{2}
	now      = time.Date(2026, 3, 4, 5, 6, 7, 890e6, time.UTC)
	fresh    = usertoken.Secret{ID: id.ID{10}, Key: bytes.Repeat([]byte{7}, 32)}
	former   = usertoken.Secret{ID: id.ID{11}, Key: bytes.Repeat([]byte{8}, 32)}
)

func encode(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

func sum(h func() hash.Hash, key []byte, text string) string {
	mac := hmac.New(h, key)
	mac.Write([]byte(text))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// sign is what a backend without our libraries does.
func sign(header, payload string, key []byte) string {
	text := encode(header) + "." + encode(payload)
	return text + "." + sum(sha256.New, key, text)
}

// says is the payload of a good token, with fields in place of or after its own.
func says(sub, app string, iat, exp int64, more string) string {
	return fmt.Sprintf(`{"sub":%q,"app":%q,"iat":%d,"exp":%d%s}`, sub, app, iat, exp, more)
}

const plain = `{"alg":"HS256","typ":"JWT"}`

func TestWhatIsMintedVerifies(t *testing.T) {
	for name, row := range map[string]struct{ sub, ctx string }{
		"the least":                {"u", ""},
		"a context":                {"user_1", ` { "email": "a@example.com", "n": 12345678901234567890 } `},
		"every limit reached":      {strings.Repeat("\u0001", usertoken.MaxSubject), `{"a":"` + strings.Repeat("<", usertoken.MaxContext-8) + `"}`},
		"wide characters":          {strings.Repeat("🦔", usertoken.MaxSubject), `{"a":"` + strings.Repeat("é", usertoken.MaxContext/2-4) + `"}`},
		"a context of escapes":     {"u", `{"a":"` + strings.Repeat(`\u003c`, usertoken.MaxContext-8) + `"}`},
		"a context of white space": {"u", `{` + strings.Repeat(" ", 100_000) + `}`},
	} {
		t.Run(name, func(t *testing.T) {
			claims, err := usertoken.New(row.sub, app, []byte(row.ctx), usertoken.DefaultTTL, now)
			if err != nil {
				t.Fatal(err)
			}
			token, err := usertoken.Mint(claims, fresh.ID, fresh.Key)
			if err != nil {
				t.Fatal(err)
			}
			got, used, err := usertoken.Verify(token.Reveal(), app, []usertoken.Secret{former, fresh}, now)
			if err != nil {
				t.Fatal(err, errors.Unwrap(err))
			}
			if got.Subject != row.sub || got.App != app || !bytes.Equal(got.Context, claims.Context) || used != fresh.ID ||
				!got.IssuedAt.Equal(now.Truncate(time.Second)) || got.ExpiresAt.Sub(got.IssuedAt) != usertoken.DefaultTTL {
				t.Fatalf("%+v under %s", got, used)
			}
		})
	}
}

func TestTheHeaderIsTheDocumentedOneWithAKid(t *testing.T) {
	claims, err := usertoken.New("u", app, nil, usertoken.MinTTL, now)
	if err != nil {
		t.Fatal(err)
	}
	token, err := usertoken.Mint(claims, fresh.ID, fresh.Key)
	if err != nil {
		t.Fatal(err)
	}
	want := encode(`{"alg":"HS256","typ":"JWT","kid":"`+fresh.ID.String()+`"}`) + "." +
		encode(fmt.Sprintf(`{"sub":"u","app":%q,"iat":%d,"exp":%d}`, app, now.Unix(), now.Unix()+60)) + "."
	if !strings.HasPrefix(token.Reveal(), want) {
		t.Fatalf("%s is not %s…", token.Reveal(), want)
	}
	theirs, err := jwt.Parse(token.Reveal(), func(*jwt.Token) (any, error) { return fresh.Key, nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithTimeFunc(func() time.Time { return now }))
	if err != nil || !theirs.Valid {
		t.Fatalf("a standard library refuses it: %v", err)
	}
}

func TestTokensOfAnybodysLibraryVerify(t *testing.T) {
	iat, exp := now.Unix(), now.Unix()+60
	good := says("u", app.String(), iat, exp, "")
	for name, token := range map[string]string{
		"no kid":                  sign(plain, good, fresh.Key),
		"no typ":                  sign(`{"alg":"HS256"}`, good, fresh.Key),
		"typ in lower case":       sign(`{"typ":"jwt","alg":"HS256"}`, good, fresh.Key),
		"a kid of its own":        sign(`{"alg":"HS256","kid":"main"}`, good, fresh.Key),
		"a kid that is no text":   sign(`{"alg":"HS256","kid":7}`, good, fresh.Key),
		"another secret's kid":    sign(`{"alg":"HS256","kid":"`+former.ID.String()+`"}`, good, fresh.Key),
		"white space":             sign("{ \"alg\" : \"HS256\" }\n", "  "+good+"\n", fresh.Key),
		"claims we don't know":    sign(plain, says("u", app.String(), iat, exp, `,"iss":"them","aud":["us"],"SUB":"w","x":{"y":1}`), fresh.Key),
		"fractions of seconds":    sign(plain, fmt.Sprintf(`{"sub":"u","app":%q,"iat":%d.25,"exp":%d.75}`, app, iat, exp), fresh.Key),
		"a minute exactly":        sign(plain, says("u", app.String(), iat, iat+60, ""), fresh.Key),
		"a day exactly":           sign(plain, says("u", app.String(), iat, iat+86400, ""), fresh.Key),
		"an empty context":        sign(plain, says("u", app.String(), iat, exp, `,"ctx":{}`), fresh.Key),
		"a clock 30 s ahead":      sign(plain, says("u", app.String(), iat+30, exp+30, ""), fresh.Key),
		"a clock 29 s behind":     sign(plain, says("u", app.String(), iat-100, iat-29, ""), fresh.Key),
		"not before a moment ago": sign(plain, says("u", app.String(), iat, exp, fmt.Sprintf(`,"nbf":%d`, iat)), fresh.Key),
	} {
		claims, used, err := usertoken.Verify(token, app, []usertoken.Secret{fresh, former}, now)
		if err != nil || claims.Subject != "u" || used != fresh.ID {
			t.Errorf("%s: %+v, %s, %v", name, claims, used, err)
		}
	}
}

func TestForgeriesAreRefusedAlike(t *testing.T) {
	iat, exp := now.Unix(), now.Unix()+60
	good := says("u", app.String(), iat, exp, "")
	genuine := sign(plain, good, fresh.Key)
	parts := strings.Split(genuine, ".")
	with := func(payload string) string { return sign(plain, payload, fresh.Key) }
	headed := func(header string) string { return sign(header, good, fresh.Key) }
	more := func(fields string) string { return with(says("u", app.String(), iat, exp, fields)) }
	bigger := encode(`{"alg":"HS512","typ":"JWT"}`) + "." + parts[1]

	for name, token := range map[string]string{
		"nothing":                   "",
		"dots":                      "..",
		"two segments":              parts[0] + "." + parts[1],
		"four segments":             genuine + ".x",
		"too long":                  with(says("u", app.String(), iat, exp, `,"x":"`+strings.Repeat("x", usertoken.MaxToken)+`"`)),
		"not base64":                parts[0] + ".!." + parts[2],
		"padded":                    genuine + "=",
		"a line break inside":       genuine[:len(genuine)-20] + "\n" + genuine[len(genuine)-20:],
		"white space around":        genuine + " ",
		"standard alphabet":         strings.NewReplacer("-", "+", "_", "/").Replace(sign(plain, says("~~~???", app.String(), iat, exp, ""), fresh.Key)),
		"alg none, unsigned":        encode(`{"alg":"none","typ":"JWT"}`) + "." + parts[1] + ".",
		"alg none, signed":          headed(`{"alg":"none","typ":"JWT"}`),
		"alg in lower case":         headed(`{"alg":"hs256","typ":"JWT"}`),
		"alg RS256":                 headed(`{"alg":"RS256","typ":"JWT"}`),
		"alg HS384":                 headed(`{"alg":"HS384","typ":"JWT"}`),
		"alg HS512, rightly signed": bigger + "." + sum(sha512.New, fresh.Key, bigger),
		"alg missing":               headed(`{"typ":"JWT"}`),
		"alg not text":              headed(`{"alg":["HS256"],"typ":"JWT"}`),
		"alg twice":                 headed(`{"alg":"none","alg":"HS256"}`),
		"another typ":               headed(`{"alg":"HS256","typ":"at+jwt"}`),
		"a critical extension":      headed(`{"alg":"HS256","crit":["b64"],"b64":true}`),
		"header null":               headed(`null`),
		"header not JSON":           headed(`alg=HS256`),
		"signature missing":         parts[0] + "." + parts[1] + ".",
		"signature cut":             genuine[:len(genuine)-1],
		"signature's spare bits":    genuine[:len(genuine)-1] + string(genuine[len(genuine)-1]+1),
		"payload tampered":          parts[0] + "." + encode(says("v", app.String(), iat, exp, "")) + "." + parts[2],
		"header tampered":           encode(`{"alg":"HS256"}`) + "." + parts[1] + "." + parts[2],
		"a stranger's secret":       sign(plain, good, []byte("stranger")),
		"the empty secret":          sign(plain, good, nil),
		"payload null":              with(`null`),
		"payload an array":          with(`[]`),
		"payload not JSON":          with(`sub=u`),
		"payload twice":             with(good + good),
		"sub missing":               with(fmt.Sprintf(`{"app":%q,"iat":%d,"exp":%d}`, app, iat, exp)),
		"sub empty":                 with(says("", app.String(), iat, exp, "")),
		"sub a number":              with(fmt.Sprintf(`{"sub":1,"app":%q,"iat":%d,"exp":%d}`, app, iat, exp)),
		"sub null":                  with(fmt.Sprintf(`{"sub":null,"app":%q,"iat":%d,"exp":%d}`, app, iat, exp)),
		"sub too long":              with(says(strings.Repeat("u", 257), app.String(), iat, exp, "")),
		"sub twice":                 more(`,"sub":"v"`),
		"sub in other case":         with(fmt.Sprintf(`{"SUB":"u","app":%q,"iat":%d,"exp":%d}`, app, iat, exp)),
		"sub not UTF-8":             with(fmt.Sprintf("{\"sub\":\"\xff\",\"app\":%q,\"iat\":%d,\"exp\":%d}", app, iat, exp)),
		"app missing":               with(fmt.Sprintf(`{"sub":"u","iat":%d,"exp":%d}`, iat, exp)),
		"another app":               with(says("u", otherApp.String(), iat, exp, "")),
		"app twice":                 more(`,"app":"` + app.String() + `"`),
		"iat missing":               with(fmt.Sprintf(`{"sub":"u","app":%q,"exp":%d}`, app, exp)),
		"iat text":                  with(fmt.Sprintf(`{"sub":"u","app":%q,"iat":"%d","exp":%d}`, app, iat, exp)),
		"iat 31 s ahead":            with(says("u", app.String(), iat+31, exp+31, "")),
		"iat negative":              with(says("u", app.String(), -1, exp, "")),
		"iat in milliseconds":       with(says("u", app.String(), iat*1000, exp*1000, "")),
		"exp missing":               with(fmt.Sprintf(`{"sub":"u","app":%q,"iat":%d}`, app, iat)),
		"exp null":                  with(fmt.Sprintf(`{"sub":"u","app":%q,"iat":%d,"exp":null}`, app, iat)),
		"exp 30 s ago":              with(fmt.Sprintf(`{"sub":"u","app":%q,"iat":%d,"exp":%d.89}`, app, iat-100, iat-30)),
		"exp a day and a second":    with(says("u", app.String(), iat, iat+86401, "")),
		"exp beyond numbers":        with(fmt.Sprintf(`{"sub":"u","app":%q,"iat":%d,"exp":1e999}`, app, iat)),
		"exp beyond time":           with(fmt.Sprintf(`{"sub":"u","app":%q,"iat":%d,"exp":1e300}`, app, iat)),
		"both beyond time":          with(fmt.Sprintf(`{"sub":"u","app":%q,"iat":1e300,"exp":1e301}`, app)),
		"exp 59 s after iat":        with(says("u", app.String(), iat, iat+59, "")),
		"exp at iat":                with(says("u", app.String(), iat, iat, "")),
		"not before a minute ahead": more(fmt.Sprintf(`,"nbf":%d`, iat+60)),
		"ctx null":                  more(`,"ctx":null`),
		"ctx text":                  more(`,"ctx":"{}"`),
		"ctx an array":              more(`,"ctx":[{}]`),
		"ctx twice":                 more(`,"ctx":{},"ctx":{"admin":true}`),
		"ctx with a name twice":     more(`,"ctx":{"a":1,"a":2}`),
		"ctx too big":               more(`,"ctx":{"a":"` + strings.Repeat("x", usertoken.MaxContext-7) + `"}`),
	} {
		claims, used, err := usertoken.Verify(token, app, []usertoken.Secret{fresh, {ID: id.ID{12}}}, now)
		refusal := apierr.Of(err)
		if err == nil || refusal.Kind != apierr.Unauthenticated || refusal.Code != apierr.CodeInvalidUserToken || errors.Unwrap(err) == nil {
			t.Errorf("%s: %+v, %v", name, claims, err)
			continue
		}
		if claims.Subject != "" || !used.IsZero() || refusal.Message != "This user token is not valid." ||
			refusal.Issues != nil || refusal.Details != nil {
			t.Errorf("%s: the refusal tells too much: %+v, %s, %+v", name, claims, used, refusal)
		}
	}
	if _, _, err := usertoken.Verify(genuine, app, []usertoken.Secret{fresh}, now); err != nil {
		t.Fatalf("the token all of these were made from: %v", err)
	}
}

func TestAnAppWithoutALiveSecretVerifiesNothing(t *testing.T) {
	token := sign(plain, says("u", app.String(), now.Unix(), now.Unix()+60, ""), nil)
	for _, secrets := range [][]usertoken.Secret{nil, {{ID: fresh.ID}}, {{ID: fresh.ID, Key: []byte{}}}} {
		if _, _, err := usertoken.Verify(token, app, secrets, now); err == nil {
			t.Errorf("%v verified a token", secrets)
		}
	}
	if _, err := usertoken.Mint(usertoken.Claims{Subject: "u", App: app}, fresh.ID, nil); err == nil {
		t.Error("a token was minted with the empty secret")
	}
}

func TestNewNamesEveryFault(t *testing.T) {
	for _, row := range []struct {
		name, sub, ctx string
		ttl            time.Duration
		want           []string
	}{
		{"all at once", "", "[]", 0, []string{"sub too_small", "ctx invalid_type", "expiresInSeconds too_small"}},
		{
			"all too big", strings.Repeat("é", 257), `{"a":"` + strings.Repeat("x", 2048) + `"}`, usertoken.MaxTTL + time.Second,
			[]string{"sub too_big", "ctx too_big", "expiresInSeconds too_big"},
		},
		{"not text", "\xff", `{`, 59 * time.Second, []string{"sub invalid_format", "ctx invalid_format", "expiresInSeconds too_small"}},
		{"the bounds", strings.Repeat("é", 256), `{"a":"` + strings.Repeat("x", 2040) + `"}`, usertoken.MaxTTL, nil},
		{"the least", "u", ``, usertoken.MinTTL, nil},
	} {
		_, err := usertoken.New(row.sub, app, []byte(row.ctx), row.ttl, now)
		var got []string
		if err != nil {
			if e := apierr.Of(err); e.Kind != apierr.Invalid || e.Code != apierr.CodeInvalidBody {
				t.Errorf("%s: %v", row.name, err)
			}
			for _, issue := range apierr.Of(err).Issues {
				got = append(got, fmt.Sprint(issue.Path[0], " ", issue.Code))
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(row.want) {
			t.Errorf("%s: %v", row.name, got)
		}
	}
}

// FuzzVerify tries any text as a token, and any header and payload that are rightly signed.
func FuzzVerify(f *testing.F) {
	good := says("u", app.String(), now.Unix(), now.Unix()+60, `,"ctx":{"email":"a@example.com"}`)
	genuine := sign(plain, good, fresh.Key)
	for _, payload := range []string{
		good, `null`, `{}`, `[]`, `{"sub":"u","sub":"v"}`, says("", "", 0, 0, ""), says("u", app.String(), -1, 1<<62, `,"nbf":1e300`),
		says("u", app.String(), now.Unix(), now.Unix()+60, `,"ctx":{"a":1,"a":2}`),
	} {
		f.Add(genuine, plain, payload)
	}
	f.Add(encode(`{"alg":"none"}`)+"."+encode(good)+".", `{"alg":"none"}`, good)
	f.Add(genuine[:len(genuine)-1], `{"alg":"HS256","kid":"`+fresh.ID.String()+`","crit":[]}`, good)
	f.Add("..", `{"alg":"HS256","alg":"HS256"}`, good)
	f.Fuzz(func(t *testing.T, token, header, payload string) {
		secrets := []usertoken.Secret{fresh, former}
		if claims, _, err := usertoken.Verify(token, app, secrets, now); err == nil && token != genuine {
			t.Fatalf("%q verified as %+v", token, claims)
		}
		claims, used, err := usertoken.Verify(sign(header, payload, former.Key), app, secrets, now)
		if err != nil {
			return
		}
		life := claims.ExpiresAt.Sub(claims.IssuedAt)
		if used != former.ID || claims.App != app || claims.Subject == "" || len(claims.Context) > usertoken.MaxContext ||
			life <= 0 || life > usertoken.MaxTTL || claims.IssuedAt.After(now.Add(usertoken.Skew)) ||
			!now.Before(claims.ExpiresAt.Add(usertoken.Skew)) || (claims.Context != nil && claims.Context[0] != '{') {
			t.Fatalf("header %q, payload %q: %+v under %s", header, payload, claims, used)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	token := sign(plain, says("user_1", app.String(), now.Unix(), now.Unix()+60, `,"ctx":{"email":"a@example.com"}`), fresh.Key)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := usertoken.Verify(token, app, []usertoken.Secret{fresh}, now); err != nil {
			b.Fatal(err)
		}
	}
}
