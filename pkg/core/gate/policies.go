package gate

import (
	"strings"
	"time"
)

// The policies of the native surface. Each category has budgets of its own, so that a spent one costs no other. A bucket
// without a Burst saves up a whole minute: that is how the documented ceilings per minute are met by a burst.

// FeedbackByIP bounds submissions of one address to one App in public mode [Userz: 60 a minute].
func FeedbackByIP() Policy { return perMinute("feedback.ip", 60) }

// FeedbackByUser bounds submissions of one end user to one App in private mode [Userz: 120 a minute]: twice the public
// one, because a signed user is nobody's whole office.
func FeedbackByUser() Policy { return perMinute("feedback.user", 120) }

// AttachmentsByIP bounds upload URLs for one address and App in public mode [Userz: 120 a minute]: two files a submission.
func AttachmentsByIP() Policy { return perMinute("attachments.ip", 120) }

// AttachmentsByUser bounds upload URLs for one end user and App in private mode [Userz: 240 a minute].
func AttachmentsByUser() Policy { return perMinute("attachments.user", 240) }

// The categories of what backends and members ask of the native surface.
const (
	Reads  = "reads"
	Tokens = "tokens"
	Admin  = "admin"
)

// APICategories lists them.
func APICategories() []string { return []string{Reads, Tokens, Admin} }

// ByKey bounds the requests of one category of one sk_ key [Userz: about 600 a minute, capacity 100, 10 back a second].
func ByKey(category string) Policy {
	policy := perMinute(category+".key", 600)
	policy.Burst = 100
	return policy
}

// ByMember bounds those of one session on the native surface, like those of a key.
func ByMember(category string) Policy {
	policy := ByKey(category)
	policy.Name = category + ".member"
	return policy
}

// AuthWorxByKey bounds the requests of one AuthWorx key [AuthWorx: 300 per 15 minutes and key].
func AuthWorxByKey() Policy { return window("authworx.key", 300, 15*time.Minute) }

// AuthWorxByMember bounds the requests of one session on the AuthWorx surface, which documents no number for them.
func AuthWorxByMember() Policy { return window("authworx.member", 3000, 15*time.Minute) }

// UsersByMinute and UsersByHour bound the requests of one key on the users surface [users: 100 a minute and 5,000 an hour].
func UsersByMinute() Policy { return window("users.minute", 100, time.Minute) }

// UsersByHour is the longer of the two.
func UsersByHour() Policy { return window("users.hour", 5000, time.Hour) }

// EventsByOrg bounds the requests that bring events, of all keys of an Org together [UserBoost: Hobby, 100 a minute].
func EventsByOrg() Policy { return window("events.minute", 100, time.Minute) }

// EventsByMonth bounds the events that all keys of an Org bring in a month, tests aside; nothing does but a plan.
func EventsByMonth() Policy {
	return Policy{Name: "events.month", Algorithm: CalendarMonth, Limit: Unlimited, Period: longestMonth, Source: FromDefault}
}

// longestMonth is the Period of months, which they have at most.
const longestMonth = 31 * 24 * time.Hour

// UserorbitByKey bounds the requests of one Userorbit key, whose documentation names no number: as many as those of an sk_ key.
func UserorbitByKey() Policy {
	policy := ByKey(Reads)
	policy.Name = "userorbit.key"
	return policy
}

// UserorbitBySubscriber bounds the requests of one subscriber, submissions aside.
func UserorbitBySubscriber() Policy { return perMinute("userorbit.subscriber", 240) }

// FeedbackBySubscriber bounds the submissions and comments of one subscriber, like those of an end user of the widget.
func FeedbackBySubscriber() Policy { return perMinute("feedback.subscriber", 120) }

// ForAll tells whether a policy has the same numbers for every Org. Those of log-ins do: they bind before anybody is known,
// and an Org with other ones would show by them that it exists.
func ForAll(policy string) bool { return strings.HasPrefix(policy, "login.") }

// LoginByAccount bounds failed log-ins to one account, whoever tries: NIST allows a hundred in a row.
func LoginByAccount() Policy { return window("login.account", 10, 15*time.Minute) }

// LoginByAddress bounds failed log-ins from one address, whichever the accounts.
func LoginByAddress() Policy { return window("login.address", 100, 15*time.Minute) }

// Policies lists the policies whose numbers an Org may be given its own of.
func Policies() []Policy {
	return []Policy{
		FeedbackByIP(), FeedbackByUser(), FeedbackBySubscriber(), AttachmentsByIP(), AttachmentsByUser(),
		ByKey(Reads), ByMember(Reads), ByKey(Tokens), ByMember(Tokens), ByKey(Admin), ByMember(Admin),
		AuthWorxByKey(), AuthWorxByMember(), UserorbitByKey(), UserorbitBySubscriber(), UsersByMinute(), UsersByHour(),
		EventsByOrg(), EventsByMonth(), LoginByAccount(), LoginByAddress(),
	}
}

func window(name string, limit int64, period time.Duration) Policy {
	return Policy{Name: name, Algorithm: FixedWindow, Limit: limit, Period: period, Source: FromDefault}
}

func perMinute(name string, limit int64) Policy {
	return Policy{Name: name, Algorithm: TokenBucket, Limit: limit, Period: time.Minute, Source: FromDefault}
}
