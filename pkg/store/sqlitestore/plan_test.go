package sqlitestore

import (
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"

	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/resource"
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

func TestEveryBoardIsAWalkOfItsOwnIndex(t *testing.T) {
	s := open(t)
	for _, board := range []id.ID{{}, {1}} {
		for sort, index := range map[feedback.Sort]string{feedback.Newest: "", feedback.Top: "_votes", feedback.Trending: "_heat"} {
			query := feedback.BoardQuery{Board: board, Sort: sort, Stage: feedback.Planned}
			index, equal := "feedback_stage"+index, "org=? AND stage=?"
			if !board.IsZero() {
				index, equal = "feedback_board"+strings.TrimPrefix(index, "feedback_stage"), "org=? AND board=? AND stage=?"
			}
			walk := "SEARCH feedback USING COVERING INDEX " + index + " (" + equal + ")"
			pick := strings.Replace(walk, "COVERING ", "", 1)
			if got := plan(t, s, boardWalk(query, "")); got != walk {
				t.Errorf("%+v\n got %s\nwant %s", query, got, walk)
			}
			if got := plan(t, s, boardWalk(query, ", text")); got != pick {
				t.Errorf("%+v\n got %s\nwant %s", query, got, pick)
			}
			query.Stage = ""
			got := plan(t, s, boardWalk(query, ""))
			for _, step := range []string{"MERGE (UNION ALL)", "LEFT", "RIGHT", walk} {
				got = strings.ReplaceAll(got, step, "")
			}
			if got = strings.Trim(got, "| "); got != "" {
				t.Errorf("%+v is also done by %s", query, got)
			}
			count := strings.Replace(walk, index, strings.TrimSuffix(strings.TrimSuffix(index, "_votes"), "_heat"), 1)
			if got := plan(t, s, boardCount(query)); !strings.Contains(got, count) {
				t.Errorf("%s\n%s", boardCount(query), got)
			}
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
		countFeedback:      "SEARCH feedback USING COVERING INDEX feedback_status (org=?)",
		feedbackByPerson:   "SEARCH feedback USING COVERING INDEX feedback_person (org=? AND person=? AND id<?)",
		feedbackByExternalID: "SEARCH feedback USING COVERING INDEX feedback_external_id " +
			"(org=? AND external_id=? AND mode=? AND id<?)",
		votesBy:                    "SEARCH vote USING INDEX vote_person (org=? AND person=? AND (at,subject)<(?,?))",
		votesOn:                    "SEARCH vote USING PRIMARY KEY (org=? AND subject=? AND person>?)",
		countVotes:                 "SEARCH vote USING PRIMARY KEY (org=? AND subject=?)",
		commentsOn:                 "SEARCH comment USING INDEX comment_item (org=? AND item=? AND id>?)",
		commentsBy:                 "SEARCH comment USING INDEX comment_person (org=? AND person=? AND id<?)",
		countComments:              "SEARCH comment USING COVERING INDEX comment_item (org=? AND item=?)",
		personByExternalID:         "SEARCH person USING INDEX person_external_id (org=? AND external_id=?)",
		personByEmail:              "SEARCH person USING INDEX person_email (org=? AND email=?)",
		mergedInto:                 "SEARCH person USING INDEX person_merged_into (org=? AND merged_into=?)",
		pageOfRoots:                "SEARCH person USING INDEX person_merged_into (org=? AND merged_into=?)",
		namesOfRoots:               "SEARCH person USING INDEX person_merged_into (org=? AND merged_into=?)",
		oldestOf(resource.Query{}): "SEARCH resource USING INDEX resource_id (org=? AND kind=?)",
		oldestOf(resource.Query{Parent: id.ID{1}}): "SEARCH resource USING INDEX resource_parent (org=? AND kind=? AND parent=?)",
		resourceNamed: "SEARCH resource USING INDEX resource_name (org=? AND kind=? AND parent=? AND name_folded=?)",
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
		"INDEX feedback_person (org=? AND person=?)",
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
		insertFeedback, selectFeedback, existsFeedback, amendFeedback,
		selectSummary, deleteVotesOn, deleteCommentsOn,
		putVote, deleteVote, selectVote, votesBy, votesOn, countVotes, selectWeight, updateWeight,
		insertComment, updateComment, selectComment, existsComment, deleteComment, commentsOn, commentsBy, countComments,
		insertPerson, updatePerson, existsPerson, deletePerson, selectPerson, personByExternalID, personByEmail, mergedInto,
		pageOfRoots, namesOfRoots, countRoots,
		insertResource, updateResource, selectResource, existsResource, deleteResource, resourceNamed,
		countOf(resource.Query{}), countOf(resource.Query{Parent: id.ID{1}}),
		insertSlot, selectSlot, existsSlot, citeSlot, releaseSlot, keepSlot, condemnSlot, removeSlot, staleSlots,
		claim, selectClaim, takeOver, releaseClaim, sweepClaims,
		insertEvent, selectEvent, receivedAt, countEvents, eventsPage, eventsPageOfApp, eventsPageOfName, eventsPageOfUser,
		insertProfile, updateProfile, selectProfile,
		insertRun, selectRun, putIncident, selectIncident, sweepIncidents,
		addOutcome, sumOutcomes, sweepOutcomes, deleteOutcomesOf,
		insertRefusal, trimRefusals, newestRefusals, newestRefusalsOfApp, sweepRefusals, deleteRefusalsOf,
	) {
		for step := range strings.SplitSeq(plan(t, s, query), " | ") {
			scanned, scans := strings.CutPrefix(step, "SCAN ")
			if scans && !strings.HasPrefix(scanned, "(subquery-") && !strings.HasPrefix(scanned, "json_each ") {
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
