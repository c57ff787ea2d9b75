package store

import "time"

// All times in this package are UTC and kept with millisecond precision, which is what the wire carries.

// User is an account. Email and Username are unique after folding case; what is kept is the spelling the user chose.
type User struct {
	ID                ID
	Email             string
	Username          string
	DisplayName       string
	PasswordHash      string
	AvatarID          ID // an Attachment, or none
	ShareReadReceipts bool
	CreatedAt         time.Time
	UpdatedAt         time.Time
	LastSeenAt        time.Time  // zero: never connected
	TOTPAt            *time.Time // when the second factor was turned on; nil: it is off
	DeletedAt         *time.Time // the row outlives the account, so that old messages keep an author
}

// TOTP is a user's second factor: what makes time-based one-time passwords (RFC 6238). The secret is sealed by
// internal/auth; LastStep is the time step of the code that was used last, so that none is taken twice.
type TOTP struct {
	UserID    ID
	Secret    []byte
	LastStep  int64
	CreatedAt time.Time
}

// Session is one signed-in device. Refresh tokens are derived from (session, generation), so nothing secret is kept:
// the generation says which token is the current one, and one of an earlier generation is a spent one.
type Session struct {
	ID         ID
	UserID     ID
	Generation int64
	RotatedAt  time.Time // when Generation last moved
	UserAgent  string
	Address    string // the network address of the last refresh or login
	CreatedAt  time.Time
	LastUsedAt time.Time
	ExpiresAt  time.Time
	RevokedAt  *time.Time
}

// ChatType tells a conversation of two from a group.
type ChatType string

// The chat types of the API.
const (
	Direct ChatType = "direct"
	Group  ChatType = "group"
)

// Role is what a member may do, weakest first: RoleMember, RoleAdmin, RoleOwner.
type Role string

// The roles of the API.
const (
	RoleMember Role = "member"
	RoleAdmin  Role = "admin"
	RoleOwner  Role = "owner"
)

// Chat is a conversation. LastSeq is the position of its newest message (0: none). LastRev counts every change of any
// message, so that "all that moved since rev" is a range scan.
type Chat struct {
	ID          ID
	Type        ChatType
	Name        string // empty for a direct chat
	AvatarID    ID
	Description string
	CreatedBy   ID
	CreatedAt   time.Time
	UpdatedAt   time.Time
	ActivityAt  time.Time // the newest message, or creation: the order of a chat list
	LastSeq     int64
	LastRev     int64
}

// Member is one person's place in a chat. The two watermarks say "everything up to here"; they never go back, never
// pass the chat's LastSeq, and start at JoinedSeq, so that nobody owes receipts for what was said before they came.
type Member struct {
	ChatID       ID
	UserID       ID
	Role         Role
	JoinedAt     time.Time
	JoinedSeq    int64
	DeliveredSeq int64
	ReadSeq      int64
	MutedUntil   *time.Time
	ArchivedAt   *time.Time // put away from the member's own list of chats
}

// MessageKind tells what a message is.
type MessageKind string

// The message kinds of the API.
const (
	KindText   MessageKind = "text"
	KindAudio  MessageKind = "audio"
	KindFile   MessageKind = "file"
	KindCall   MessageKind = "call"
	KindSystem MessageKind = "system"
)

// Message is one entry of a chat. Seq is its place, fixed at insertion: 1, 2, 3 … without gaps. Rev is the chat's
// revision of its latest change. A deleted message stays as a tombstone: DeletedAt set, Content empty.
type Message struct {
	ID          ID
	ChatID      ID
	UserID      ID
	Seq         int64
	Rev         int64
	Kind        MessageKind
	Content     string
	ClientID    string // the sender's idempotency key; empty: none. Unique per user for ever
	PayloadHash []byte // SHA-256 of what was first sent under ClientID: an edit must not turn a retry into a conflict
	ReplyTo     ID
	Meta        []byte // JSON that belongs to Kind (call outcome, system event); nil for text
	CreatedAt   time.Time
	UpdatedAt   time.Time
	EditedAt    *time.Time
	DeletedAt   *time.Time
	Origin      *Origin // of what was forwarded; nil: said here first. Fixed at insertion

	Mentions    []ID         // filled on reading: whom the text names, by id
	Pin         *Pin         // filled on reading; nil: not pinned
	Attachments []Attachment // filled on reading
	Reactions   []Reaction   // filled on reading, in the order in which each emoji first came
}

// Origin is who said something first, and when.
type Origin struct {
	UserID ID
	At     time.Time
}

// Pin says that a message is kept in view for the whole chat.
type Pin struct {
	By ID
	At time.Time
}

// Reaction is one emoji under a message and who chose it, in the order of choosing.
type Reaction struct {
	Emoji   string
	UserIDs []ID
}

// MessageQuery selects messages of one chat. Exactly one of Before, After and SinceRev may be set; none means the
// newest. Before and After answer in ascending order of Seq (Before: the Limit newest ones below it), SinceRev in
// ascending order of Rev.
type MessageQuery struct {
	ChatID   ID
	Before   *int64
	After    *int64
	SinceRev *int64
	Limit    int // at least 1
}

// ReceiptKind is one of the two watermarks.
type ReceiptKind string

// The two receipts, weaker first. Reading implies delivery.
const (
	Delivered ReceiptKind = "delivered"
	Read      ReceiptKind = "read"
)

// ReceiptMark says that at At the watermark of Kind moved up to Seq. When a message became delivered or read is the
// time of the lowest mark at or above its Seq.
type ReceiptMark struct {
	UserID ID
	Kind   ReceiptKind
	Seq    int64
	At     time.Time
}

// Attachment describes stored bytes. Until MessageID is set only its owner sees it.
type Attachment struct {
	ID         ID
	OwnerID    ID
	MessageID  ID
	Name       string // as shown to people; never a path on disk
	Mime       string // told from the content
	Size       int64  // bytes
	Width      int    // pixels; 0: not an image
	Height     int
	DurationMs int64  // 0: not a recording
	Waveform   []byte // up to 256 loudness samples, 0…255
	BlobKey    string // where internal/blob keeps the bytes
	CreatedAt  time.Time
}

// Call is one call of a chat, running (EndedAt nil) or past.
type Call struct {
	ID           ID
	ChatID       ID
	StartedBy    ID
	StartedAt    time.Time
	AnsweredAt   *time.Time // when the second person joined
	EndedAt      *time.Time
	EndReason    string // "missed", "declined", "ended", "server-restart"; empty while it runs
	Participants []CallParticipant
}

// CallParticipant is one leg of a call: a person who comes back appears again.
type CallParticipant struct {
	ID       ID
	UserID   ID
	JoinedAt time.Time
	LeftAt   *time.Time
}

// Block is one person's wish to hear nothing of another.
type Block struct {
	UserID ID // who is blocked
	At     time.Time
}

// Invitation lets whoever knows its token into a group. Only the token's hash is kept.
type Invitation struct {
	ID        ID
	ChatID    ID
	TokenHash []byte // SHA-256
	CreatedBy ID
	CreatedAt time.Time
	ExpiresAt *time.Time
	RevokedAt *time.Time
	MaxUses   int64 // 0: any number
	Uses      int64
}

// Page is a keyset position in a list that is ordered by (time, id), newest first. The zero value is the beginning.
type Page struct {
	Before   time.Time
	BeforeID ID
	Limit    int // at least 1
}
