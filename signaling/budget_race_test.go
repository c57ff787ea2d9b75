//go:build race

package signaling_test

// idleBudget is looser here: the race detector's stack frames are larger, which doubles the stacks.
const idleBudget = 30 << 10
