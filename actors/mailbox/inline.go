// Package mailbox has the mailbox of actors of which there are very many: small, and run by whoever posts to it.
//
// It never starts a goroutine: a message to an actor that is not running is processed before the post returns, on the
// poster's goroutine; one to an actor that is running is left to the goroutine that runs it. So the actor must not block,
// and a poster that is itself an actor lends it its turn.
//
// The one invariant: an actor is run by at most one goroutine, and gets system messages before user messages and each kind
// in the order of the posts.
package mailbox

import (
	"sync"

	"github.com/asynkron/protoactor-go/actor"
)

// Inline makes the mailboxes. They ignore the dispatcher.
func Inline() actor.Mailbox { return &inline{} }

// keptMessages is the largest queue that an idle mailbox keeps.
const keptMessages = 8

type inline struct {
	invoker actor.MessageInvoker

	mu        sync.Mutex // guards what follows; not held while a message is processed
	running   bool
	suspended bool
	user      queue
	system    queue
}

// queue is first in, first out.
type queue struct {
	messages []any
	head     int
}

func (q *queue) push(m any) { q.messages = append(q.messages, m) }

func (q *queue) pop() (any, bool) {
	if q.head == len(q.messages) {
		return nil, false
	}
	m := q.messages[q.head]
	q.messages[q.head] = nil
	if q.head++; q.head == len(q.messages) {
		q.head = 0
		if q.messages = q.messages[:0]; cap(q.messages) > keptMessages {
			q.messages = nil
		}
	}
	return m, true
}

func (q *queue) len() int { return len(q.messages) - q.head }

func (m *inline) RegisterHandlers(invoker actor.MessageInvoker, _ actor.Dispatcher) {
	m.invoker = invoker
}

func (m *inline) Start() {}

func (m *inline) UserMessageCount() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.user.len()
}

func (m *inline) PostUserMessage(message any) {
	m.mu.Lock()
	if m.running || m.suspended {
		m.user.push(message)
		m.mu.Unlock()
		return
	}
	m.running = true
	m.mu.Unlock()
	m.invoke(message, false)
	m.run()
}

func (m *inline) PostSystemMessage(message any) {
	m.mu.Lock()
	if m.running {
		m.system.push(message)
		m.mu.Unlock()
		return
	}
	m.running = true
	m.mu.Unlock()
	m.invoke(message, true)
	m.run()
}

// run processes what has been queued. The caller has set running.
func (m *inline) run() {
	for {
		m.mu.Lock()
		message, system := m.system.pop()
		ok := system
		if !system && !m.suspended {
			message, ok = m.user.pop()
		}
		if !ok {
			m.running = false
			m.mu.Unlock()
			return
		}
		m.mu.Unlock()
		m.invoke(message, system)
	}
}

// invoke processes one message. A panic is reported to the actor's supervisor, by a message: the mailbox goes on.
func (m *inline) invoke(message any, system bool) {
	defer func() {
		if reason := recover(); reason != nil {
			m.invoker.EscalateFailure(reason, message)
		}
	}()
	if !system {
		m.invoker.InvokeUserMessage(message)
		return
	}
	switch message.(type) {
	case *actor.SuspendMailbox:
		m.suspend(true)
	case *actor.ResumeMailbox:
		m.suspend(false)
	default:
		m.invoker.InvokeSystemMessage(message)
	}
}

func (m *inline) suspend(on bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.suspended = on
}
