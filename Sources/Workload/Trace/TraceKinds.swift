import Glibc
import SpecReader

/// What the rows of a trace are about: the words of the column `kind`, and what each of them becomes in a workload.
struct TraceKinds: Sendable {
    /// What becomes of a row.
    enum Action: Sendable, Equatable {
        /// A message of the class of this number.
        case message(Int)
        /// A request of the query of this index.
        case request(Int)
        /// Nothing: a client of the workload sends such requests by itself.
        case left
        /// Nobody knows: several queries are of the class.
        case ambiguous
    }

    /// Word before the name of a message's class; alone for a message whose class nobody knows.
    static let put = "put"
    /// What bytes are accounted by where a row does not tell the class of its message.
    static let classOfUntold = "recorded"

    let names: [String]
    let actions: [Action]
    private let words: [[UInt8]]

    /// - Parameters:
    ///   - spec: whose queries and clients they name.
    ///   - classes: whose messages they name.
    ///   - dropped: kinds that are passed over where nothing of the workload is meant: an overlay took it away.
    init(_ spec: WorkloadSpec, _ classes: MessageClasses, passingOver dropped: [String] = []) {
        var (names, actions): ([String], [Action]) = ([], [])
        func add(_ name: String, _ action: Action) {
            guard !names.contains(name) else { return }
            names.append(name)
            actions.append(action)
        }
        add(Self.put, .message(classes.number(of: Self.classOfUntold)))
        for (number, name) in classes.names.enumerated() { add(Self.word(Self.put, name), .message(number)) }
        for (index, query) in spec.queries.enumerated() {
            add(Self.word(query.shape.firstClass, query.name), .request(index))
        }
        for (index, query) in spec.queries.enumerated() {
            let isAlone = spec.queries.count { $0.shape.firstClass == query.shape.firstClass } == 1
            add(query.shape.firstClass, isAlone ? .request(index) : .ambiguous)
        }
        for client in spec.clients {
            for request in client.kind.requests { add(Self.word(request.requestClass, client.name), .left) }
        }
        for name in dropped { add(name, .left) }
        (self.names, self.actions) = (names, actions)
        words = names.map { Array($0.utf8) }
    }

    /// The word for an operation: its request class, and behind a slash the message's class or the entry's name.
    static func word(_ requestClass: String, _ name: String) -> String { "\(requestClass)/\(name)" }

    /// The number of a kind; `likely` is the one to look at first, because neighbours are often alike.
    func number(of field: TraceFields.Field, likely: Int) throws(TraceFault) -> Int {
        if matches(field.bytes, likely) { return likely }
        guard let number = words.indices.first(where: { matches(field.bytes, $0) }) else { throw unknown(field) }
        guard actions[number] != .ambiguous else {
            let choices = names.filter { $0.hasPrefix("\(names[number])/") }.joined(separator: ", ")
            throw field.fault("kind \(field.shown) is of several queries", "write one of \(choices)")
        }
        return number
    }

    private func matches(_ bytes: UnsafeRawBufferPointer, _ number: Int) -> Bool {
        words[number].withUnsafeBytes { word in
            guard word.count == bytes.count, let left = word.baseAddress, let right = bytes.baseAddress else {
                return false
            }
            return memcmp(left, right, word.count) == 0
        }
    }

    private func unknown(_ field: TraceFields.Field) -> TraceFault {
        let text = String(decoding: field.bytes, as: UTF8.self)
        let near = Spelling.nearest(to: text, among: names)
        let known = names.prefix(Self.mostListed).joined(separator: ", ")
        let more = names.count > Self.mostListed ? ", …" : ""
        return field.fault(
            "kind \(field.shown) is nothing that this workload has",
            near.map { "did you mean '\($0)'?" } ?? "use one of \(known)\(more)")
    }

    /// Kinds that a message lists.
    private static let mostListed = 12
}
