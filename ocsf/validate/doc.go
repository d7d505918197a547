// Package validate checks finding events of the Open Cybersecurity Schema
// Framework (OCSF) against the schema. It is for "shca validate", for the tests
// of what writes such events, and for readers that want to know whether an event
// can be passed on as it is.
//
// It knows the finding classes of the versions that [Versions] returns, from
// tables made of the public schema. An event must be JSON without duplicate
// members, have the attributes that its class, objects and profiles require and
// no others, with values of their types and enumerations, captions that agree
// with their ids, and keep the constraints of its objects. Beyond the schema it
// checks what writers are known to get wrong: times in another unit than
// milliseconds, times that contradict each other, observables that name
// nothing in the event, empty and null values. The codes of messages are
// listed in message.go.
//
// An event may add what it likes to attributes of the type object or json_t,
// such as unmapped: nothing in these is checked but for duplicate members.
//
// Not checked: whether recommended attributes are there, whether references and
// ids mean anything, and the classes outside of the category Findings. Not
// promised: the wording of messages, and that an event without messages is
// accepted by every consumer of OCSF.
package validate
