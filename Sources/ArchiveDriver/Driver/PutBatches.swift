import WakuModel

/// The batches of all nodes of a worker: one that collects for each node, and those on their way, by number. Batches are
/// used again. No I/O, no clock.
package final class PutBatches {
    private let book: StatementBook
    private var batches: [(batch: PutBatch, node: Int)] = []
    private var free: [Int] = []
    /// The number of the batch that collects for a node.
    private var collecting: [Int?]
    /// The earliest moment at which a batch has to go; `UInt64.max` while none collects.
    package private(set) var deadline = UInt64.max

    /// - Parameters:
    ///   - book: of a behaviour that batches.
    ///   - nodes: how many there are.
    package init(_ book: StatementBook, nodes: Int) {
        self.book = book
        collecting = Array(repeating: nil, count: nodes)
    }

    /// The batch of a number.
    package subscript(number: Int) -> PutBatch { batches[number].batch }

    /// Whose batch it is.
    package func node(of number: Int) -> Int { batches[number].node }

    /// Takes a put of a node.
    ///
    /// - Parameters:
    ///   - ticket: whose put it is.
    ///   - node: which node stores it.
    ///   - topic: where the message was sent.
    ///   - message: what to store; copied.
    ///   - now: nanoseconds.
    /// - Returns: the number of a batch that is full and goes now.
    package func add(_ ticket: Int, node: Int, _ topic: PubsubTopic, _ message: Message, now: UInt64) -> Int? {
        let number = collecting[node] ?? begin(node)
        let isFull = batches[number].batch.add(ticket, topic, message, now: now)
        deadline = min(deadline, batches[number].batch.deadline ?? .max)
        if isFull { close(number) }
        return isFull ? number : nil
    }

    /// A batch whose first message has waited long enough; ask again until there is none.
    ///
    /// - Parameter now: nanoseconds.
    /// - Returns: its number; it goes now.
    package func takeDue(at now: UInt64) -> Int? {
        guard now >= deadline else { return nil }
        for number in collecting {
            guard let number, let deadline = batches[number].batch.deadline, deadline <= now else { continue }
            close(number)
            return number
        }
        return nil
    }

    /// A batch is over, and its tickets are told.
    package func release(_ number: Int) {
        batches[number].batch.reset()
        free.append(number)
    }

    private func begin(_ node: Int) -> Int {
        let number = free.popLast() ?? batches.count
        if number == batches.count { batches.append((PutBatch(book), node)) }
        batches[number].node = node
        collecting[node] = number
        return number
    }

    private func close(_ number: Int) {
        batches[number].batch.close()
        collecting[batches[number].node] = nil
        deadline = .max
        for number in collecting {
            if let number { deadline = min(deadline, batches[number].batch.deadline ?? .max) }
        }
    }
}
