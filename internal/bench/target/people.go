package target

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"sync"
)

// setUpAtOnce is how many requests prepare a run at the same time: accounts cost the server a slow hash each, and more
// at once would not be faster.
const setUpAtOnce = 4

// Person is an account that a run has made for itself.
type Person struct {
	ID     string
	token  string
	server *Server
}

// Register makes n accounts with names that are new on every run.
func (s *Server) Register(ctx context.Context, n int) ([]*Person, error) {
	var run [4]byte
	if _, err := rand.Read(run[:]); err != nil {
		return nil, err
	}
	people := make([]*Person, n)
	err := Each(ctx, n, setUpAtOnce, func(ctx context.Context, i int) error {
		name := fmt.Sprintf("bench-%s-%d", hex.EncodeToString(run[:]), i)
		var signedIn struct {
			AccessToken string `json:"accessToken"`
			User        struct {
				ID string `json:"id"`
			} `json:"user"`
		}
		err := s.call(ctx, http.MethodPost, "/auth/register", "", map[string]string{
			"email": name + "@bench.invalid", "username": name, "password": rand.Text(),
		}, &signedIn)
		people[i] = &Person{signedIn.User.ID, signedIn.AccessToken, s}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("register: %w", err)
	}
	return people, nil
}

// Group makes a group chat of all these people, owned by the first, and returns its id.
func (s *Server) Group(ctx context.Context, name string, people []*Person) (string, error) {
	members := []string{}
	for _, p := range people[1:] {
		members = append(members, p.ID)
	}
	var chat struct {
		ID string `json:"id"`
	}
	err := s.call(ctx, http.MethodPost, "/chats", people[0].token,
		map[string]any{"type": "group", "name": name, "memberIds": members}, &chat)
	return chat.ID, err
}

// Each calls do for 0 … n-1, at most so many at once. The first error ends it.
func Each(ctx context.Context, n, atOnce int, do func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	places := make(chan struct{}, atOnce)
	var running sync.WaitGroup
	for i := range n {
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		running.Go(func() {
			defer func() { <-places }()
			if err := do(ctx, i); err != nil {
				cancel(err)
			}
		})
	}
	running.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}
