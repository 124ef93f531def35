/// What the name of a request class tells.
package enum RequestClass {
    /// Whether it is a node's own job: its length says nothing of requests.
    ///
    /// - Parameter name: of the class.
    /// - Returns: true for such as `maintenance.retention`.
    package static func isJob(_ name: String) -> Bool { name.hasPrefix("maintenance.") }
}
