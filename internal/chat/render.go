package chat

import (
	"confab/internal/stamp"
	"confab/store"
)

// ProfileOf shows an account to its owner.
func (s *Service) ProfileOf(u store.User) Profile {
	return Profile{
		ID: u.ID, Email: u.Email, Username: u.Username, DisplayName: u.DisplayName, AvatarURL: s.avatar(u.AvatarID),
		ShareReadReceipts: u.ShareReadReceipts, TOTPEnabled: u.TOTPAt != nil, CreatedAt: stamp.Of(u.CreatedAt), UpdatedAt: stamp.Of(u.UpdatedAt),
	}
}

// publicUser shows an account to others. Of a deleted one only the id is left.
func (s *Service) publicUser(u store.User) PublicUser {
	if u.DeletedAt != nil {
		return PublicUser{ID: u.ID, Deleted: true}
	}
	return PublicUser{ID: u.ID, Username: u.Username, DisplayName: u.DisplayName, AvatarURL: s.avatar(u.AvatarID)}
}

func (s *Service) avatar(id store.ID) *string {
	if id == "" {
		return nil
	}
	url, _ := s.link(id)
	return &url
}

// member shows a membership to viewer; no viewer means to everybody but the member.
func (s *Service) member(m store.Member, u store.User, viewer store.ID) Member {
	p := s.publicUser(u)
	read := m.ReadSeq
	if !u.ShareReadReceipts && viewer != m.UserID {
		read = m.JoinedSeq
	}
	return Member{
		UserID: m.UserID, Username: p.Username, DisplayName: p.DisplayName, AvatarURL: p.AvatarURL, Deleted: p.Deleted,
		Role: m.Role, JoinedAt: stamp.Of(m.JoinedAt), DeliveredSeq: m.DeliveredSeq, ReadSeq: read, Online: s.online(m.UserID),
	}
}

// message shows a message. A tombstone shows that something was here, and nothing of what it was.
func (s *Service) message(m store.Message, status Status) Message {
	v := Message{
		ID: m.ID, ChatID: m.ChatID, UserID: m.UserID, Seq: m.Seq, Rev: m.Rev, Kind: m.Kind, ClientID: m.ClientID,
		Mentions: []store.ID{}, Attachments: []Attachment{}, Reactions: []Reaction{},
		CreatedAt: stamp.Of(m.CreatedAt), UpdatedAt: stamp.Of(m.UpdatedAt),
		EditedAt: stamp.OfPtr(m.EditedAt), DeletedAt: stamp.OfPtr(m.DeletedAt), Status: status,
	}
	if m.DeletedAt != nil {
		return v
	}
	v.Content, v.ReplyTo, v.Meta = m.Content, m.ReplyTo, m.Meta
	v.Mentions = append(v.Mentions, m.Mentions...)
	if m.Origin != nil {
		v.ForwardedFrom = &Origin{m.Origin.UserID, stamp.Of(m.Origin.At)}
	}
	if m.Pin != nil {
		v.PinnedAt, v.PinnedBy = stampOf(m.Pin.At), m.Pin.By
	}
	for _, a := range m.Attachments {
		v.Attachments = append(v.Attachments, s.AttachmentOf(a))
	}
	for _, r := range m.Reactions {
		v.Reactions = append(v.Reactions, Reaction(r))
	}
	return v
}

// AttachmentOf shows a file to somebody who may read it: its owner, or the members of the chat that it was sent to.
func (s *Service) AttachmentOf(a store.Attachment) Attachment {
	url, expires := s.link(a.ID)
	v := Attachment{
		ID: a.ID, Name: a.Name, Mime: a.Mime, Size: a.Size, Width: a.Width, Height: a.Height, DurationMs: a.DurationMs,
		URL: url, ExpiresAt: stamp.OfPtr(expires),
	}
	for _, sample := range a.Waveform {
		v.Waveform = append(v.Waveform, int(sample))
	}
	return v
}

// portrait is what a chat's view is made of, as read in one transaction.
type portrait struct {
	chat     store.Chat
	members  []store.Member
	users    map[store.ID]store.User
	last     *store.Message
	status   Status // of last
	unread   int64
	mentions int64 // of the viewer, among the unread
	pins     int64
}

// chat shows a chat to one of its members.
func (s *Service) chat(p portrait, viewer store.ID) Chat {
	c := p.chat
	v := Chat{
		ID: c.ID, Type: c.Type, Name: c.Name, Description: c.Description, AvatarURL: s.avatar(c.AvatarID),
		CreatedAt: stamp.Of(c.CreatedAt), UpdatedAt: stamp.Of(c.UpdatedAt), LastSeq: c.LastSeq, LastRev: c.LastRev,
		UnreadCount: p.unread, UnreadMentions: p.mentions, PinCount: p.pins, Members: make([]Member, 0, len(p.members)), ActiveCall: s.activeCall(c.ID),
	}
	if p.last != nil {
		m := s.message(*p.last, p.status)
		v.LastMessage = &m
	}
	for _, m := range p.members {
		if m.UserID == viewer {
			v.MyRole, v.MutedUntil, v.ArchivedAt = m.Role, stamp.OfPtr(m.MutedUntil), stamp.OfPtr(m.ArchivedAt)
		}
		v.Members = append(v.Members, s.member(m, p.users[m.UserID], viewer))
	}
	return v
}

func (s *Service) head(c store.Chat) ChatHead {
	return ChatHead{ID: c.ID, Type: c.Type, Name: c.Name, Description: c.Description, AvatarURL: s.avatar(c.AvatarID),
		UpdatedAt: stamp.Of(c.UpdatedAt), LastRev: c.LastRev}
}
