import PostgresClient
import WakuModel
import Workload

/// What a load sends, told before it is sent: for each request class the statements of its first operation, exactly as they
/// go to the server, values included where they stand in the text.
public struct LoadStatements {
    /// The statements of one operation.
    public struct Example: Sendable, Encodable {
        /// Such as `store.topics.data.first`.
        public let requestClass: String
        /// In their order; what follows from a reply is not among them. A COPY's rows and bound values are left out.
        public let statements: [String]
    }

    /// In the order of their first operation.
    public private(set) var examples: [Example] = []
    /// Request classes without an operation among those looked at.
    public private(set) var unseen: [String] = []

    private let book: StatementBook
    private let text = TextBuffer()

    /// Operations that are looked at, at most.
    public static let mostOperations = 50_000

    /// Walks through the beginning of a load.
    ///
    /// - Parameters:
    ///   - traffic: at its beginning; of no use for a load afterwards.
    ///   - schema: of the archive.
    ///   - behaviour: how the driver works.
    public init(_ traffic: Traffic, schema: ArchiveSchema, behaviour: DriverBehaviour) {
        book = StatementBook(behaviour)
        var open = Set(traffic.labels.map(\.requestClass))
        // Those that follow from replies never begin.
        for _ in 0..<Self.mostOperations {
            guard !open.isEmpty, let operation = traffic.next() else { break }
            let label = traffic.labels[operation.label]
            guard open.remove(label.requestClass) != nil else { continue }
            let statements =
                if let job = label.job {
                    maintenance(traffic.spec.clockwork, job, schema, at: traffic.archiveTime(Int64(operation.due)))
                } else if label.isPut {
                    put(traffic.message(of: operation))
                } else {
                    query(traffic.query(of: operation))
                }
            examples.append(Example(requestClass: label.requestClass, statements: statements))
        }
        unseen = open.sorted()
    }

    private func put(_ put: (topic: PubsubTopic, message: Message)) -> [String] {
        guard book.behaviour.put == .batched else {
            var machine = RequestMachine.put(book)
            var texts: [String] = []
            while case .send(let step) = machine.step() {
                texts.append(words(step) { _ in })
                machine.noteSent()
                if !step.sendsOn { machine.finishStatement() }
            }
            return texts
        }
        let batch = PutBatch(book)
        _ = batch.add(0, put.topic, put.message, now: 0)
        batch.close()
        var texts: [String] = []
        while case .send(let step) = batch.step() {
            texts.append(words(step) { batch.writeText(into: $0) })
            batch.noteSent()
            batch.finishStatement(failure: nil)
        }
        return texts
    }

    /// The first statement; the others depend on what it brings.
    private func query(_ query: StoreQuery) -> [String] {
        let machine = RequestMachine(query, book)
        guard case .send(let step) = machine.step() else { return [] }
        return [words(step) { machine.writeText(into: $0) }]
    }

    private func words(_ step: Step, _ write: (TextBuffer) -> Void) -> String {
        if case .prepared(let statement) = step.form { return String(cString: book.text(statement)) }
        write(text)
        return String(cString: text.cString())
    }

    private func maintenance(_ clockwork: ClockworkSpec, _ job: Int, _ schema: ArchiveSchema, at time: Int64)
        -> [String]
    {
        let first = MaintenanceJob(clockwork.jobs[job].kind, clockwork, schema, now: time).next
        return first.map { [$0.text] } ?? []
    }
}
