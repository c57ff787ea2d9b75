package signaling

import (
	"bytes"

	"confab/internal/call"
	"confab/internal/fault"
	"confab/internal/wirejson"
	"confab/sfu"
	"confab/store"
)

// The types in this file are the data of events from clients. Their check methods say what the rules below them take
// for granted: that ids are ids, and that what has no sensible default was given.

type authData struct {
	Token string `json:"token"`
}

// chatRef is the beginning of most of them.
type chatRef struct {
	ChatID store.ID `json:"chatId"`
}

func (d *chatRef) check() error { return checkID("chatId", &d.ChatID) }

type messageRef struct {
	MessageID store.ID `json:"messageId"`
}

func (d *messageRef) check() error { return checkID("messageId", &d.MessageID) }

type sendData struct {
	chatRef
	Content       string     `json:"content"`
	ClientID      string     `json:"clientId"`
	ReplyTo       store.ID   `json:"replyTo"`
	ForwardOf     store.ID   `json:"forwardOf"`
	AttachmentIDs []store.ID `json:"attachmentIds"`
}

func (d *sendData) check() error {
	for i := range d.AttachmentIDs {
		if err := checkID("attachmentIds", &d.AttachmentIDs[i]); err != nil {
			return err
		}
	}
	return firstOf(checkOptionalID("replyTo", &d.ReplyTo), checkOptionalID("forwardOf", &d.ForwardOf), d.chatRef.check())
}

type editData struct {
	messageRef
	Content string `json:"content"`
}

type reactData struct {
	messageRef
	Emoji string `json:"emoji"`
	On    *bool  `json:"on"`
}

func (d *reactData) check() error { return firstOf(d.messageRef.check(), checkGiven("on", d.On)) }

type typingData struct {
	chatRef
	On *bool `json:"on"`
}

func (d *typingData) check() error { return firstOf(d.chatRef.check(), checkGiven("on", d.On)) }

type initiateData struct {
	chatRef
	CallID store.ID         `json:"callId"`
	Offer  call.Description `json:"offer"`
	Media  *call.Media      `json:"media"`
	Tracks []sfu.TrackHint  `json:"tracks"`
	Hidden bool             `json:"hidden"`
}

func (d *initiateData) check() error {
	return firstOf(d.chatRef.check(), checkOptionalID("callId", &d.CallID))
}

type checkData struct {
	CheckID store.ID         `json:"checkId"`
	Offer   call.Description `json:"offer"`
}

func (d *checkData) check() error { return checkOptionalID("checkId", &d.CheckID) }

type answerData struct {
	chatRef
	Answer call.Description `json:"answer"`
	Tracks []sfu.TrackHint  `json:"tracks"`
}

type candidateData struct {
	chatRef
	Candidate candidate `json:"candidate"`
}

// candidate is an RTCIceCandidateInit, just its text, or null at the end of candidates.
type candidate string

func (c *candidate) UnmarshalJSON(b []byte) error {
	switch {
	case bytes.Equal(b, []byte("null")):
		*c = ""
		return nil
	case b[0] == '"':
		return wirejson.Unmarshal(b, (*string)(c))
	}
	var init struct {
		Candidate *string `json:"candidate"`
	}
	if err := wirejson.Unmarshal(b, &init); err != nil || init.Candidate == nil {
		return fault.New(fault.BadRequest, call.CodeBadCandidate, "that is no ICE candidate")
	}
	*c = candidate(*init.Candidate)
	return nil
}

type endData struct {
	chatRef
	ForAll bool `json:"forAll"`
}

type participantRef struct {
	chatRef
	ParticipantID store.ID `json:"participantId"`
}

func (d *participantRef) check() error {
	return firstOf(d.chatRef.check(), checkID("participantId", &d.ParticipantID))
}

type moderateData struct {
	participantRef
	Action string `json:"action"`
}

type viewData struct {
	chatRef
	Tiles []call.Tile `json:"tiles"` // null: whatever is best
}

type muteData struct {
	chatRef
	Source string `json:"source"`
	Muted  *bool  `json:"muted"`
}

func (d *muteData) check() error { return firstOf(d.chatRef.check(), checkGiven("muted", d.Muted)) }

type handData struct {
	chatRef
	Raised *bool `json:"raised"`
}

func (d *handData) check() error { return firstOf(d.chatRef.check(), checkGiven("raised", d.Raised)) }

type reactionData struct {
	chatRef
	Emoji string `json:"emoji"`
}

// checkID brings an id that came from outside into its one form.
func checkID(field string, id *store.ID) error {
	parsed, err := store.ParseID(string(*id))
	if err != nil {
		return fault.InvalidField(field, "must be an id")
	}
	*id = parsed
	return nil
}

func checkOptionalID(field string, id *store.ID) error {
	if *id == "" {
		return nil
	}
	return checkID(field, id)
}

func checkGiven(field string, b *bool) error {
	if b == nil {
		return fault.InvalidField(field, "must be true or false")
	}
	return nil
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
