package signaling

import (
	"context"

	"confab/internal/call"
	"confab/internal/limit"
)

// addCallEvents adds the events of section "Calls" of docs/protocol.md.
func (s *Server) addCallEvents(t table) {
	calls := s.cfg.Calls
	t["call:initiate"] = entry{limit.Call, on(func(ctx context.Context, sock *socket, d initiateData) (any, error) {
		return calls.Initiate(ctx, sock.device(), call.Initiation{
			ChatID: d.ChatID, CallID: d.CallID, Offer: d.Offer, Media: d.Media, Tracks: d.Tracks, Hidden: d.Hidden,
		})
	})}
	t["call:answer"] = entry{limit.Call, on(func(ctx context.Context, sock *socket, d answerData) (any, error) {
		return calls.Answer(ctx, sock.device(), call.Acceptance{ChatID: d.ChatID, Answer: d.Answer, Tracks: d.Tracks})
	})}
	t["call:resume"] = entry{limit.Call, on(func(ctx context.Context, sock *socket, d participantRef) (any, error) {
		return calls.Resume(ctx, sock.device(), d.ChatID, d.ParticipantID)
	})}
	t["call:decline"] = entry{limit.Call, on(func(ctx context.Context, sock *socket, d chatRef) (any, error) {
		return nil, calls.Decline(ctx, sock.device(), d.ChatID)
	})}
	t["call:end"] = entry{limit.Call, on(func(ctx context.Context, sock *socket, d endData) (any, error) {
		return nil, calls.Leave(ctx, sock.device(), d.ChatID, d.ForAll)
	})}
	t["call:moderate"] = entry{limit.Call, on(func(ctx context.Context, sock *socket, d moderateData) (any, error) {
		return nil, calls.Moderate(ctx, sock.device(), d.ChatID, d.ParticipantID, d.Action)
	})}
	t["call:check"] = entry{limit.Check, on(func(ctx context.Context, sock *socket, d checkData) (any, error) {
		return calls.Check(ctx, sock.device(), call.CheckOffer{CheckID: d.CheckID, Offer: d.Offer})
	})}
	t["call:ice-candidate"] = entry{limit.Signal, on(func(ctx context.Context, sock *socket, d candidateData) (any, error) {
		return nil, calls.Candidate(ctx, sock.device(), d.ChatID, string(d.Candidate))
	})}
	t["call:view"] = entry{limit.Signal, on(func(ctx context.Context, sock *socket, d viewData) (any, error) {
		return nil, calls.View(ctx, sock.device(), d.ChatID, d.Tiles)
	})}
	t["call:mute"] = entry{limit.Signal, on(func(ctx context.Context, sock *socket, d muteData) (any, error) {
		return nil, calls.Mute(ctx, sock.device(), d.ChatID, d.Source, *d.Muted)
	})}
	t["call:hand"] = entry{limit.Signal, on(func(ctx context.Context, sock *socket, d handData) (any, error) {
		return nil, calls.Hand(ctx, sock.device(), d.ChatID, *d.Raised)
	})}
	t["call:reaction"] = entry{limit.Signal, on(func(ctx context.Context, sock *socket, d reactionData) (any, error) {
		return nil, calls.Reaction(ctx, sock.device(), d.ChatID, d.Emoji)
	})}
}
