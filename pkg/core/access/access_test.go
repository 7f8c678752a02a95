package access_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/heard-dev/heard/pkg/core/access"
)

// who may do what, as the documentation says it: o owners, a admins, m members, k keys that were made without naming
// scopes, and 1 those of one App, whatever their scopes.
const whoMayDoWhat = `
	feedback:read    o a m k 1
	feedback:write   o a m k 1
	feedback:moderate o a - - -
	documents:read   o a m k -
	documents:write  o a - - -
	people:read      o a m k -
	people:write     o a - - -
	events:read      o a m k 1
	events:write     o a - k 1
	tokens:mint      o a - k 1
	apps:read        o a m k 1
	apps:manage      o a - - 1
	users:read       o a - k -
	users:manage     o a - k -
	keys:manage      o a - - -
	members:read     o a m - -
	members:manage   o a - - -
	audit:read       o a - - -
	people:erase     o a - - -
	usage:read       o a m k 1
	org:read         o a m - -
	org:manage       o a - - -
	org:delete       o - - - -
	orgs:administer  o - - - -
`

func TestEveryRoleMayDoWhatTheTableSaysAndNothingElse(t *testing.T) {
	written := map[access.Right]bool{}
	for line := range strings.Lines(strings.TrimSpace(whoMayDoWhat)) {
		cells := strings.Fields(line)
		right := access.Right(cells[0])
		written[right] = true
		if !right.Known() {
			t.Errorf("%s is no right", right)
		}
		for column, has := range [][]access.Right{access.Of(access.Owner), access.Of(access.Admin), access.Of(access.Member), access.Default(), access.InApp()} {
			if want := cells[1+column] != "-"; slices.Contains(has, right) != want {
				t.Errorf("%s, column %d: allowed is %t", right, column+1, !want)
			}
		}
	}
	for _, right := range access.Rights() {
		if !written[right] {
			t.Errorf("%s is not in the table", right)
		}
	}
	for _, role := range []access.Role{"", "boss", "Owner", "owner "} {
		if rights := access.Of(role); len(rights) != 0 || role.Known() {
			t.Errorf("%q may do %v", role, rights)
		}
	}
}

func TestNoRightToManageIsGivenWithoutBeingNamed(t *testing.T) {
	for _, right := range access.Default() {
		_, verb, _ := strings.Cut(string(right), ":")
		if right != access.UsersManage && slices.Contains([]string{"manage", "delete", "erase", "administer"}, verb) {
			t.Errorf("a key has %s that was made without it", right)
		}
	}
}

func TestNobodyDecidesAboutThoseAbove(t *testing.T) {
	const nobody = access.Role("")
	order := []access.Role{nobody, access.Member, access.Admin, access.Owner}
	for rank, role := range order {
		for otherRank, other := range order {
			if got := role.Over(other); got != (rank >= otherRank) {
				t.Errorf("%q over %q: %t", role, other, got)
			}
		}
	}
}

func TestWhatTwoListsShareKeepsTheOrderOfTheFirst(t *testing.T) {
	a := []access.Right{access.OrgRead, access.FeedbackRead, access.KeysManage}
	b := []access.Right{access.FeedbackRead, access.AuditRead, access.OrgRead}
	if got := access.Both(a, b); !slices.Equal(got, []access.Right{access.OrgRead, access.FeedbackRead}) {
		t.Errorf("%v", got)
	}
	if got := access.Both(a, nil); got == nil || len(got) != 0 {
		t.Errorf("with nothing: %#v, which is no list of none", got)
	}
}
