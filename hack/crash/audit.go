package crash

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"golang.org/x/sync/errgroup"
)

// Verdict is a kind of fault.
type Verdict string

// The verdicts.
const (
	Lost       Verdict = "lost"       // accepted, and not there as it was said
	Duplicated Verdict = "duplicated" // there more often than it was said
	Other      Verdict = "other"      // not what a client may expect while processes die
)

// Fault is something that Heard did wrong.
type Fault struct {
	Verdict
	What string
}

// row is one item of a list.
type row struct{ ID, Text string }

// claim is what was said, which is unlike all else, and the ids that it was answered.
type claim struct {
	fmt.Stringer
	text    string
	answers []string
}

// audit reads everything back, all pages of the list and each accepted item with its file, and compares it to what was said.
func audit(ctx context.Context, shape Shape, said []*submission, atOnce int) ([]Fault, error) {
	rows, err := list[row](ctx, shape, "/v1/feedback?limit=100&includeDuplicates=true")
	if err != nil {
		return nil, err
	}
	claims := make([]claim, len(said))
	for i, s := range said {
		claims[i] = claim{s, s.text, s.answers}
	}
	faults := judge(claims, rows)
	var readers errgroup.Group
	missing := make([][]Fault, atOnce)
	for i := range atOnce {
		readers.Go(func() error {
			reader := newAsker(shape.BaseURL)
			defer reader.http.CloseIdleConnections()
			for n := i; n < len(said); n += atOnce {
				if err := open(ctx, &reader, shape.Tenant, said[n]); err != nil {
					missing[i] = append(missing[i], Fault{Lost, fmt.Sprintf("%s: %v", said[n], err)})
				}
			}
			return ctx.Err()
		})
	}
	err = readers.Wait()
	return append(faults, slices.Concat(missing...)...), err
}

// list reads all pages of what the target lists.
func list[T any](ctx context.Context, shape Shape, target string) ([]T, error) {
	reader := newAsker(shape.BaseURL)
	defer reader.http.CloseIdleConnections()
	var rows []T
	for cursor := ""; ; {
		got, err := reader.persist(ctx, ask{method: http.MethodGet, target: target + cursor, token: shape.Tenant.Key})
		if err == nil && got.status != http.StatusOK {
			err = fmt.Errorf("a page: %s", got)
		}
		var page struct {
			Data       []T
			NextCursor string
		}
		if err == nil {
			err = got.read(&page)
		}
		if err != nil {
			return nil, err
		}
		rows = append(rows, page.Data...)
		if page.NextCursor == "" {
			return rows, nil
		}
		cursor = "&cursor=" + page.NextCursor
	}
}

// judge compares the list to what was said and answered.
func judge(said []claim, rows []row) []Fault {
	var faults []Fault
	fault := func(v Verdict, format string, args ...any) {
		faults = append(faults, Fault{v, fmt.Sprintf(format, args...)})
	}
	texts, items := map[string]string{}, map[string][]string{}
	for _, r := range rows {
		if _, twice := texts[r.ID]; twice {
			fault(Duplicated, "item %s is listed twice", r.ID)
			continue
		}
		texts[r.ID] = r.Text
		items[r.Text] = append(items[r.Text], r.ID)
	}
	known := map[string]bool{}
	for _, s := range said {
		known[s.text] = true
		if stored := items[s.text]; len(stored) > 1 {
			fault(Duplicated, "%s is stored as %v", s, stored)
		}
		answered := slices.Clone(s.answers)
		slices.Sort(answered)
		for _, item := range slices.Compact(answered) {
			if text, found := texts[item]; !found {
				fault(Lost, "%s is not listed as %s", s, item)
			} else if text != s.text {
				fault(Lost, "%s is listed as %s with the text %.40q", s, item, text)
			}
		}
	}
	for _, r := range rows {
		if !known[r.Text] {
			fault(Other, "item %s says what nobody said: %.40q", r.ID, r.Text)
		}
	}
	return faults
}

// open reads one accepted item, and its file if it has one.
func open(ctx context.Context, reader *asker, tenant Tenant, s *submission) error {
	if len(s.answers) == 0 {
		return nil
	}
	got, err := reader.persist(ctx, ask{method: http.MethodGet, target: "/v1/feedback/" + s.answers[0], token: tenant.Key})
	if err != nil {
		return err
	}
	var item struct {
		Text        string
		Attachments []struct{ Key, DownloadURL string }
	}
	if got.status != http.StatusOK {
		return fmt.Errorf("it cannot be read: %s", got)
	}
	if err := got.read(&item); err != nil {
		return err
	}
	if item.Text != s.text {
		return fmt.Errorf("it reads %.40q", item.Text)
	}
	if s.file == nil {
		return nil
	}
	if len(item.Attachments) != 1 || item.Attachments[0].Key != s.file.key {
		return fmt.Errorf("it has the files %v instead of %s", item.Attachments, s.file.key)
	}
	got, err = reader.persist(ctx, ask{method: http.MethodGet, target: item.Attachments[0].DownloadURL})
	if err == nil && (got.status != http.StatusOK || string(got.body) != s.file.content) {
		err = fmt.Errorf("its file %s cannot be downloaded: %s", s.file.key, got)
	}
	return err
}
