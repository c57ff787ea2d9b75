//go:build !race

package signaling_test

// idleBudget is what an idle socket may cost, in bytes.
const idleBudget = 15 << 10
