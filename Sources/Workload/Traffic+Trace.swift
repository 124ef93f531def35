/// What a trace puts into the sequence.
extension Traffic {
    /// Takes in the message that a trace has next.
    func acceptMessage(of walk: TraceWalk) {
        let time = Int64(walk.due)
        let row = walk.take()
        guard case .message(let messageClass) = row.action else { return }
        let entry = MessageLog.Entry(
            time: time, arrival: UInt32(row.topic), place: UInt32(row.size), stream: .max,
            messageClass: UInt16(messageClass))
        accept(source.draft(recorded: entry, number: log.nextNumber), entry)
    }

    /// The request that a trace has next; `nil` where its query is no longer there.
    func request(of walk: TraceWalk) -> Operation? {
        let due = walk.due
        let row = walk.take()
        guard case .request(let index) = row.action else { return nil }
        return queries[index].take(
            recordedAt: due, topic: row.topic >= 0 ? row.topic : nil, log: log, nodes: spec.writers.count)
    }

    /// The first topic that a request names, by number; `nil` where it names none.
    func firstTopic(of operation: Operation) -> Int? {
        if let session = sessions.session(of: operation) {
            guard case .topics(let group, _, _) = session.plan.asks[operation.ask] else { return nil }
            return session.plan.groups[group].topics.first
        }
        guard let index = labels[operation.label].query, let shape = spec.queries[index].shape as? TopicWindow else {
            return nil
        }
        var random = contentSource(ofQuery: index, operation)
        return shape.choose(for: operation, &random, self).topics.first
    }
}
