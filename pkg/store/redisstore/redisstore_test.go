package redisstore_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/store/redisstore"
	"github.com/heard-dev/heard/pkg/store/storetest"
)

// commands is a hook that keeps what is sent.
type commands struct {
	mu   sync.Mutex
	sent [][]any
}

func (c *commands) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *commands) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.mu.Lock()
		c.sent = append(c.sent, append([]any(nil), cmd.Args()...))
		c.mu.Unlock()
		return next(ctx, cmd)
	}
}

func (c *commands) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		c.mu.Lock()
		for _, cmd := range cmds {
			c.sent = append(c.sent, append([]any(nil), cmd.Args()...))
		}
		c.mu.Unlock()
		return next(ctx, cmds)
	}
}

// during gives what was sent while do ran.
func (c *commands) during(do func()) [][]any {
	c.mu.Lock()
	c.sent = nil
	c.mu.Unlock()
	do()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent
}

// server is a Redis, how to look into it past the gate, and the prefix of this test's keys.
type server struct {
	url, prefix string
	redis.UniversalClient
}

func redisServer(t testing.TB) server {
	t.Helper()
	url := os.Getenv("HEARD_TEST_REDIS_URL")
	if url == "" {
		t.Skip("HEARD_TEST_REDIS_URL is not set")
	}
	return reach(t, url)
}

func reach(t testing.TB, url string) server {
	t.Helper()
	options, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	s := server{url: url, prefix: "test:" + rand.Text() + ":", UniversalClient: redis.NewClient(options)}
	t.Cleanup(func() {
		if keys := s.keys(t); len(keys) > 0 {
			s.Del(context.Background(), keys...)
		}
		_ = s.Close()
	})
	return s
}

// keys are this test's keys.
func (s server) keys(t testing.TB) []string {
	t.Helper()
	var keys []string
	scan := s.Scan(context.Background(), 0, s.prefix+"*", 1000).Iterator()
	for scan.Next(context.Background()) {
		keys = append(keys, scan.Val())
	}
	return keys
}

func (s server) open(t testing.TB, change func(*redisstore.Options)) *redisstore.Gate {
	t.Helper()
	options := redisstore.Options{URL: s.url, Prefix: s.prefix, Timeout: 2 * time.Second}
	if change != nil {
		change(&options)
	}
	g, err := redisstore.Open(context.Background(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Close() })
	return g
}

func newID() id.ID { return id.NewSource(time.Now, rand.Reader).New() }

func hourly(name string, limit int64) gate.Policy {
	return gate.Policy{Name: name, Limit: limit, Period: time.Duration(limit) * time.Hour}
}

// ask draws once from three buckets of an Org.
func ask(t testing.TB, g gate.Gate, org id.ID) gate.Ask {
	t.Helper()
	generation, err := g.Generation(context.Background(), org)
	if err != nil {
		t.Fatal(err)
	}
	day := gate.Policy{Name: "day", Algorithm: gate.FixedWindow, Limit: 1000, Period: 24 * time.Hour}
	return gate.Ask{Org: org, Generation: generation, Draws: []gate.Draw{
		{Policy: hourly("key", 1000), Bucket: "0123", Cost: 1},
		{Policy: hourly("address", 1000), Bucket: "{app}:203.0.113.7", Cost: 1},
		{Policy: day, Bucket: "events", Cost: 1},
	}}
}

func check(t testing.TB, g gate.Gate, ask gate.Ask) gate.Verdict {
	t.Helper()
	v, err := g.Check(context.Background(), ask)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestGate(t *testing.T) {
	storetest.Gates(t, redisServer(t).underTest)
}

func (s server) underTest(t *testing.T) storetest.GateUnderTest {
	return storetest.GateUnderTest{
		Gate: s.open(t, nil), Now: time.Now, Advance: time.Sleep,
		Forget: func(t *testing.T, org id.ID) {
			if n, err := s.Del(t.Context(), s.prefix+"{"+org.String()+"}:generation").Result(); n != 1 || err != nil {
				t.Fatalf("%d generations deleted: %v", n, err)
			}
		},
	}
}

func TestACheckIsOneCommand(t *testing.T) {
	s := redisServer(t)
	var seen commands
	g := s.open(t, func(o *redisstore.Options) { o.Hooks = []redis.Hook{&seen} })
	ask := ask(t, g, newID())
	sent := seen.during(func() { check(t, g, ask) })
	if len(sent) != 1 || sent[0][0] != "evalsha" {
		t.Fatalf("sent %v", sent)
	}
	ask.Generation++
	if sent := seen.during(func() { check(t, g, ask) }); len(sent) != 1 {
		t.Fatalf("a stale ask sent %v", sent)
	}
}

func TestScriptsAreSentAgainWhenRedisForgotThem(t *testing.T) {
	own := startRedis(t) // forgetting is the whole server's, not one prefix's
	s := reach(t, own.url())
	var seen commands
	g := s.open(t, func(o *redisstore.Options) { o.Hooks = []redis.Hook{&seen} })
	ask := ask(t, g, newID())
	for name, do := range map[string]func(){
		"check":      func() { check(t, g, ask) },
		"generation": func() { _, _ = g.Generation(t.Context(), ask.Org) },
	} {
		if err := s.ScriptFlush(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		for try, want := range []string{"evalsha eval", "evalsha"} {
			var got []string
			for _, command := range seen.during(do) {
				got = append(got, fmt.Sprint(command[0]))
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%s sent %v on try %d", name, got, try)
			}
		}
	}
}

func TestAllKeysOfAnOrgShareItsTag(t *testing.T) {
	s := redisServer(t)
	g := s.open(t, nil)
	org := newID()
	check(t, g, ask(t, g, org))
	keys := s.keys(t)
	if len(keys) != 4 {
		t.Fatalf("%q", keys)
	}
	for _, key := range keys {
		_, rest, _ := strings.Cut(key, "{")
		if tag, _, _ := strings.Cut(rest, "}"); tag != org.String() {
			t.Errorf("%q is placed by %q", key, tag)
		}
	}
}

func TestBucketsExpireWhenTheyAreFullAndGenerationsNever(t *testing.T) {
	s := redisServer(t)
	g := s.open(t, nil)
	check(t, g, ask(t, g, newID()))
	for _, key := range s.keys(t) {
		want := map[string]time.Duration{"generation": -1, "key": time.Hour, "address": time.Hour, "day": 48 * time.Hour}
		name, _, _ := strings.Cut(key[strings.Index(key, "}:")+2:], ":")
		got, err := s.PTTL(t.Context(), key).Result()
		if err != nil || got > want[name] || want[name] > 0 && got < want[name]-time.Minute {
			t.Errorf("%s expires in %v: %v", name, got, err)
		}
	}
}

func TestOptionsThatCanNeverWorkAreRefused(t *testing.T) {
	for name, options := range map[string]redisstore.Options{
		"no scheme":         {URL: "127.0.0.1:6379"},
		"another scheme":    {URL: "http://127.0.0.1:6379"},
		"unknown parameter": {URL: "redis://127.0.0.1:6379/0?pool=7"},
		"no database":       {URL: "redis://user:hush/hush@127.0.0.1:6379/zero"},
		"braces":            {URL: "redis://127.0.0.1:6379/0", Prefix: "{heard}"},
	} {
		if _, err := redisstore.Open(t.Context(), options); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	s := redisServer(b)
	g := s.open(b, nil)
	three := ask(b, g, newID())
	for i := range three.Draws {
		three.Draws[i].Policy.Limit, three.Draws[i].Policy.Burst, three.Draws[i].Policy.Period = 1<<20, 1<<20, time.Second
	}
	for _, draws := range []int{1, 3} {
		ask := three
		ask.Draws = three.Draws[:draws]
		b.Run(fmt.Sprint(draws, " draws"), func(b *testing.B) {
			b.ReportAllocs()
			began := spent()
			for b.Loop() {
				check(b, g, ask)
			}
			cpu(b, began)
		})
		b.Run(fmt.Sprint(draws, " draws, 64 callers"), func(b *testing.B) {
			b.SetParallelism(32)
			began := spent()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					check(b, g, ask)
				}
			})
			cpu(b, began)
		})
	}
}
