package gate

import "time"

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

// APIByKey bounds all requests of one sk_ key [Userz: about 600 a minute, capacity 100, 10 back a second].
func APIByKey() Policy {
	policy := perMinute("api.key", 600)
	policy.Burst = 100
	return policy
}

// Policies lists the policies whose numbers an Org may be given its own of.
func Policies() []Policy {
	return []Policy{FeedbackByIP(), FeedbackByUser(), AttachmentsByIP(), AttachmentsByUser(), APIByKey()}
}

func perMinute(name string, limit int64) Policy {
	return Policy{Name: name, Algorithm: TokenBucket, Limit: limit, Period: time.Minute, Source: FromDefault}
}
