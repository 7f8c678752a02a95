package sqlitestore

import (
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"

	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/id"
)

func TestEveryPageIsAWalkOfItsOwnIndex(t *testing.T) {
	s, app := open(t), id.ID{1}
	walk := func(index, equal string) string {
		return "SEARCH feedback USING INDEX " + index + " (" + equal + " AND id<?)"
	}
	merged := func(index, equal string) string {
		return "MERGE (UNION ALL) | LEFT | " + walk(index, equal) + " | RIGHT | " + walk(index, equal)
	}
	for _, row := range []struct {
		query feedback.Query
		want  string
	}{
		{feedback.Query{}, walk("feedback_duplicate", "org=? AND duplicate=?")},
		{feedback.Query{App: app}, walk("feedback_app", "org=? AND app=? AND duplicate=?")},
		{feedback.Query{Status: "queued"}, walk("feedback_status", "org=? AND status=? AND duplicate=?")},
		{feedback.Query{App: app, Status: "queued"}, walk("feedback_app_status", "org=? AND app=? AND status=? AND duplicate=?")},
		{feedback.Query{IncludeDuplicates: true}, walk("feedback_id", "org=?")},
		{feedback.Query{App: app, IncludeDuplicates: true}, merged("feedback_app", "org=? AND app=? AND duplicate=?")},
		{feedback.Query{Status: "duplicate"}, merged("feedback_status", "org=? AND status=? AND duplicate=?")},
		{
			feedback.Query{App: app, Status: "queued", IncludeDuplicates: true},
			merged("feedback_app_status", "org=? AND app=? AND status=? AND duplicate=?"),
		},
	} {
		if got := plan(t, s, pageQuery(row.query)); got != row.want {
			t.Errorf("%+v\n got %s\nwant %s", row.query, got, row.want)
		}
	}
}

func TestAPartOfAnOrgIsReadByAnIndexOfItsOwn(t *testing.T) {
	s := open(t)
	for query, want := range map[string]string{
		selectOwners:       "SEARCH member USING INDEX member_owner (org=?)",
		selectLiveSessions: "SEARCH session USING INDEX session_live (org=? AND member=?)",
		endSessions:        "SEARCH session USING INDEX session_live (org=? AND member=?)",
		auditPage:          "SEARCH audit USING PRIMARY KEY (org=? AND seq<?)",
		auditPageOfTarget:  "SEARCH audit USING INDEX audit_target (org=? AND target=? AND seq<?)",
		deleteRunsOf:       "SEARCH run USING INDEX run_feedback (org=? AND feedback=?)",
		slotsOfApp:         "SEARCH slot USING INDEX slot_app (org=? AND app=?)",
		feedbackOfApp:      "SEARCH feedback USING INDEX feedback_app_status (org=? AND app=?)",
		eventsPage:         "SEARCH event USING INDEX event_received (org=? AND received_at>? AND (received_at,id)<(?,?))",
		eventsPageOfApp:    "SEARCH event USING INDEX event_app (org=? AND app=? AND received_at>? AND (received_at,id)<(?,?))",
		eventsPageOfName:   "SEARCH event USING INDEX event_name (org=? AND name=? AND received_at>? AND (received_at,id)<(?,?))",
		eventsPageOfUser:   "SEARCH event USING INDEX event_user (org=? AND user_id=? AND received_at>? AND (received_at,id)<(?,?))",
		countEvents:        "SEARCH event USING COVERING INDEX event_received (org=? AND received_at>?)",
		deleteEventsOfApp: "SEARCH event USING INTEGER PRIMARY KEY (rowid=?) | LIST SUBQUERY 1 | " +
			"SEARCH event USING COVERING INDEX event_app (org=? AND app=?)",
		claimErasure: "SEARCH erasure USING PRIMARY KEY (org=? AND id=?) | SCALAR SUBQUERY 1 | " +
			"SEARCH erasure USING INDEX erasure_due (due_at<?)",
	} {
		if got := plan(t, s, query); got != want {
			t.Errorf("%s\n got %s\nwant %s", query, got, want)
		}
	}
	person := plan(t, s, feedbackOfPerson)
	for _, want := range []string{
		"COVERING INDEX feedback_external_id (org=? AND external_id=?)", "COVERING INDEX feedback_email (org=? AND email_folded=?)",
	} {
		if !strings.Contains(person, want) {
			t.Errorf("%s\n%s", feedbackOfPerson, person)
		}
	}
}

func TestNoOtherStatementScansATable(t *testing.T) {
	s := open(t)
	for _, query := range append(deletesOf(),
		insertOrg, updateOrg, existsOrg, selectOrg+` WHERE id = ?`, selectOrg+` WHERE slug = ?`,
		insertApp, updateApp, existsApp, selectApp+` WHERE org = ? AND id = ?`, selectApp+` WHERE org = ? ORDER BY id`,
		selectApp+` WHERE public_key = ?`,
		insertMember, updateMember, existsMember, selectMember, selectMemberByEmail, pageOfMembers, selectOwners, deleteMember,
		insertInvitation, selectInvitationByID, selectInvitationByHash, selectInvitations, deleteInvitation,
		insertKey, revokeKey, expireKey, noteLeak, selectKeyByID, selectKeyByHash, selectKeys,
		insertSession, rotateSession, selectSession, selectLiveSessions, existsSession, endSession, endSessions, sweepSessions,
		appendAudit, lastAudit, auditFrom, auditPage, auditPageOfTarget, touchUse, selectUse,
		insertErasure, updateErasure, selectErasure, newestErasures, existsErasure, dropErasure, claimErasure,
		feedbackOf, feedbackOfApp, feedbackOfPerson, deleteRunsOf, deleteFeedback, slotsOf, slotsOfApp, deleteSlot,
		deleteClaimsOf, deleteApp, deleteOrg, deleteEvents, deleteEventsOfApp, deleteEventsOfPerson, deleteProfiles, deleteProfileOf,
		insertFeedback, selectFeedback, existsFeedback, moveFeedback,
		insertSlot, selectSlot, existsSlot, citeSlot, releaseSlot, keepSlot, condemnSlot, removeSlot, staleSlots,
		claim, selectClaim, takeOver, releaseClaim, sweepClaims,
		insertEvent, selectEvent, receivedAt, countEvents, eventsPage, eventsPageOfApp, eventsPageOfName, eventsPageOfUser,
		insertProfile, updateProfile, selectProfile,
		insertRun, selectRun, putIncident, selectIncident, sweepIncidents,
		addOutcome, sumOutcomes, sweepOutcomes, deleteOutcomesOf,
		insertRefusal, trimRefusals, newestRefusals, newestRefusalsOfApp, sweepRefusals, deleteRefusalsOf,
	) {
		for step := range strings.SplitSeq(plan(t, s, query), " | ") {
			if strings.HasPrefix(step, "SCAN ") && !strings.HasPrefix(step, "SCAN (subquery-") {
				t.Errorf("%s\n%s", query, step)
			}
		}
	}
}

func plan(t *testing.T, s *Store, query string) string {
	t.Helper()
	var steps []string
	err := s.read(t.Context(), func(conn *sqlite.Conn) error {
		return each(conn, "EXPLAIN QUERY PLAN "+query, noParams, func(r *row) {
			r.at = 3 // past its id, its parent's and a column without use
			steps = append(steps, r.text())
		})
	})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return strings.Join(steps, " | ")
}
