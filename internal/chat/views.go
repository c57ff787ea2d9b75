package chat

import (
	"encoding/json"

	"confab/internal/stamp"
	"confab/store"
)

// The types in this file are what clients see: exactly the shapes of the protocol's REST section, which realtime
// events carry as well. Lists are never null.

// Profile is an account as its owner sees it.
type Profile struct {
	ID                store.ID   `json:"id"`
	Email             string     `json:"email"`
	Username          string     `json:"username"`
	DisplayName       string     `json:"displayName"`
	AvatarURL         *string    `json:"avatarUrl"`
	ShareReadReceipts bool       `json:"shareReadReceipts" doc:"When false, others see one's receipts as delivered at most."`
	TOTPEnabled       bool       `json:"totpEnabled" doc:"Signing in wants a code of the second factor."`
	CreatedAt         stamp.Time `json:"createdAt"`
	UpdatedAt         stamp.Time `json:"updatedAt"`
}

// PublicUser is an account as anybody signed in sees it.
type PublicUser struct {
	ID          store.ID `json:"id"`
	Username    string   `json:"username"`
	DisplayName string   `json:"displayName"`
	AvatarURL   *string  `json:"avatarUrl"`
	Deleted     bool     `json:"deleted,omitempty" doc:"The account is gone; username and display name are empty."`
}

// Contact is an account with its presence, where the viewer may know that.
type Contact struct {
	PublicUser
	*Seen // nil, and its fields absent, for those who share no chat
}

// Seen is whether somebody is there, told to those who share a chat.
type Seen struct {
	Online     bool        `json:"online" required:"false" doc:"Only told to those who share a chat."`
	LastSeenAt *stamp.Time `json:"lastSeenAt" required:"false" doc:"When the last socket went, null before that; only told to those who share a chat."`
}

// Chat is a conversation in the eyes of one member.
type Chat struct {
	ID             store.ID       `json:"id"`
	Type           store.ChatType `json:"type" enum:"direct,group"`
	Name           string         `json:"name" doc:"Empty for a direct chat."`
	Description    string         `json:"description"`
	AvatarURL      *string        `json:"avatarUrl"`
	CreatedAt      stamp.Time     `json:"createdAt"`
	UpdatedAt      stamp.Time     `json:"updatedAt"`
	LastSeq        int64          `json:"lastSeq"`
	LastRev        int64          `json:"lastRev"`
	LastMessage    *Message       `json:"lastMessage,omitempty"`
	UnreadCount    int64          `json:"unreadCount"`
	UnreadMentions int64          `json:"unreadMentions" doc:"How many of the unread messages name the viewer."`
	PinCount       int64          `json:"pinCount" doc:"How many messages are pinned."`
	MyRole         store.Role     `json:"myRole" enum:"owner,admin,member"`
	MutedUntil     *stamp.Time    `json:"mutedUntil,omitempty"`
	ArchivedAt     *stamp.Time    `json:"archivedAt,omitempty" doc:"Put away from one's own list."`
	Members        []Member       `json:"members"`
	ActiveCall     *ActiveCall    `json:"activeCall,omitempty"`
}

// Member is one person's place in a chat, as the other members see it.
type Member struct {
	UserID       store.ID   `json:"userId"`
	Username     string     `json:"username"`
	DisplayName  string     `json:"displayName"`
	AvatarURL    *string    `json:"avatarUrl"`
	Deleted      bool       `json:"deleted,omitempty"`
	Role         store.Role `json:"role" enum:"owner,admin,member"`
	JoinedAt     stamp.Time `json:"joinedAt"`
	DeliveredSeq int64      `json:"deliveredSeq"`
	ReadSeq      int64      `json:"readSeq" doc:"Where the person does not share read receipts: where they joined."`
	Online       bool       `json:"online"`
}

// Message is one entry of a chat. It looks the same to every member.
type Message struct {
	ID            store.ID          `json:"id"`
	ChatID        store.ID          `json:"chatId"`
	UserID        store.ID          `json:"userId"`
	Seq           int64             `json:"seq" doc:"Its place in the chat: 1, 2, 3 … without gaps."`
	Rev           int64             `json:"rev" doc:"The chat's revision of its latest change."`
	Kind          store.MessageKind `json:"kind" enum:"text,audio,file,call,system"`
	Content       string            `json:"content"`
	ClientID      string            `json:"clientId,omitempty"`
	ReplyTo       store.ID          `json:"replyTo,omitempty"`
	ForwardedFrom *Origin           `json:"forwardedFrom,omitempty" doc:"Where it was said first, if not here."`
	Meta          json.RawMessage   `json:"meta,omitempty" doc:"For kind call: {callId, reason, duration}; for kind system: {event, …}."`
	Mentions      []store.ID        `json:"mentions" doc:"The members whom @username in the text names."`
	Attachments   []Attachment      `json:"attachments"`
	Reactions     []Reaction        `json:"reactions"`
	CreatedAt     stamp.Time        `json:"createdAt"`
	UpdatedAt     stamp.Time        `json:"updatedAt"`
	EditedAt      *stamp.Time       `json:"editedAt,omitempty"`
	DeletedAt     *stamp.Time       `json:"deletedAt,omitempty"`
	PinnedAt      *stamp.Time       `json:"pinnedAt,omitempty"`
	PinnedBy      store.ID          `json:"pinnedBy,omitempty"`
	Status        Status            `json:"status" enum:"sent,delivered,read" doc:"The weakest over the recipients."`
}

// Origin is who said something first, and when. In which chat that was is nobody's to know.
type Origin struct {
	UserID    store.ID   `json:"userId"`
	CreatedAt stamp.Time `json:"createdAt"`
}

// Status is how far a message has come.
type Status string

// The three statuses, weakest first.
const (
	StatusSent      Status = "sent"
	StatusDelivered Status = "delivered"
	StatusRead      Status = "read"
)

// Reaction is one emoji under a message and who chose it.
type Reaction struct {
	Emoji   string     `json:"emoji"`
	UserIDs []store.ID `json:"userIds"`
}

// Attachment is a file that a message carries.
type Attachment struct {
	ID         store.ID    `json:"id"`
	Name       string      `json:"name"`
	Mime       string      `json:"mime"`
	Size       int64       `json:"size" doc:"Bytes."`
	Width      int         `json:"width,omitempty" doc:"Pixels."`
	Height     int         `json:"height,omitempty"`
	DurationMs int64       `json:"durationMs,omitempty"`
	Waveform   []int       `json:"waveform,omitempty" doc:"Up to 256 loudness samples, 0 to 255."`
	URL        string      `json:"url"`
	ExpiresAt  *stamp.Time `json:"expiresAt,omitempty" doc:"When the signature in url runs out."`
}

// Delivery is how far a message has come with one recipient.
type Delivery struct {
	UserID      store.ID    `json:"userId"`
	Status      Status      `json:"status" enum:"sent,delivered,read"`
	DeliveredAt *stamp.Time `json:"deliveredAt,omitempty"`
	ReadAt      *stamp.Time `json:"readAt,omitempty"`
}

// ActiveCall is the call that a chat is having.
type ActiveCall struct {
	ID           store.ID   `json:"id"`
	StartedBy    store.ID   `json:"startedBy"`
	StartedAt    stamp.Time `json:"startedAt"`
	Participants []store.ID `json:"participants" doc:"Users, in the order of joining."`
}

// ReadyChat is a chat in the socket's first frame: enough to know what was missed.
type ReadyChat struct {
	ID         store.ID    `json:"id"`
	LastSeq    int64       `json:"lastSeq"`
	LastRev    int64       `json:"lastRev"`
	ReadSeq    int64       `json:"readSeq"`
	ActiveCall *ActiveCall `json:"activeCall,omitempty"`
}

// MessagePage answers a history query.
type MessagePage struct {
	Items   []Message `json:"items"`
	LastSeq int64     `json:"lastSeq"`
	LastRev int64     `json:"lastRev"`
	HasMore bool      `json:"hasMore" doc:"More lies in the direction that was asked for."`
}

// ChatPage is a part of the list of chats.
type ChatPage struct {
	Items      []Chat  `json:"items"`
	NextCursor *string `json:"nextCursor" doc:"Null at the end."`
}
