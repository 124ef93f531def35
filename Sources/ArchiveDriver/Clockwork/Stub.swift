import PostgresClient
import Workload

package struct JobStep { let text: String; let pool: PoolKind }
package final class MaintenanceJob {
    package var next: JobStep? { nil }
    package var events: [(kind: String, detail: String)] = []
    package var failure: String?
    init(_ kind: ClockworkSpec.JobKind, _ spec: ClockworkSpec, _ schema: ArchiveSchema, now: Int64) {}
    func note(_ result: borrowing QueryResult) {}
    func finishStatement(_ failure: PostgresError?) {}
}
